"""Start-up: builds the clients of a process, and waits until its servers are there."""

import asyncio
from collections.abc import Awaitable, Callable

from actors.deps.intake import open_intake
from actors.deps.process import Deps
from actors.products.plans import PlanShelf
from infra.broker.broker import Broker
from infra.errors import TransientError
from infra.llm.prices import read_prices
from infra.logs import log
from infra.settings import Settings
from storage.database import TIMEOUT_S
from storage.index_builds import ensure_indexes
from storage.objects import ObjectStore

_PAUSE_S = 0.5


def open_deps(
    settings: Settings,
    *,
    database_timeout_s: float = TIMEOUT_S,
    patience_s: float | None = None,
    broker: Broker | None = None,
) -> Deps:
    """Build the clients of this process, on the loop that uses them. Nothing is connected yet.

    With `patience_s` MongoDB and S3 have so many seconds for each operation, without another try. SettingsError if
    a file that a setting names cannot be used.
    """
    intake = open_intake(settings, database_timeout_s=patience_s or database_timeout_s)
    objects = ObjectStore(
        settings.s3_bucket,
        settings.s3_endpoint,
        public=settings.s3_public_url,
        region=settings.s3_region,
        patience_s=patience_s,
    )
    known = {**vars(intake), "broker": broker or intake.broker, "prices": read_prices(settings.llm_prices_file)}
    return Deps(**known, objects=objects, plans=PlanShelf(intake.db))


async def wait_for_servers(settings: Settings) -> None:
    """Wait without limit until MongoDB and Redis answer and the indexes are there."""
    await wait_for_database(settings)
    broker = Broker(settings.redis_url)
    try:
        await _wait("redis", lambda: asyncio.to_thread(broker.ping))
    finally:
        broker.client.close()


async def wait_for_database(settings: Settings) -> None:
    """Wait without limit until MongoDB answers and the indexes are there."""
    deps = open_deps(settings, database_timeout_s=3.0)
    try:
        await _wait("mongodb", lambda: ensure_indexes(deps.db, lambda what: log.info("indexes", said=what)))
    finally:
        await deps.db.close()
        deps.broker.client.close()


async def _wait(server: str, attempt: Callable[[], Awaitable[object]]) -> None:
    told = False
    while True:
        try:
            await attempt()
        except TransientError as error:
            if not told:
                log.warning("waiting_for_server", server=server, error=str(error))
            told = True
            await asyncio.sleep(_PAUSE_S)
        else:
            return
