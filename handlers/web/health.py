"""Health checks for a balancer: of the process, and of its readiness for orders."""

import asyncio
from collections.abc import Awaitable
from itertools import compress
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from actors.deps.process import Deps
from handlers.web.doors import Pace
from infra.errors import PressroomError
from infra.mail.transport import server_of
from storage.workers import SWEEP_TURNS_S, has_sweep

_DEADLINE_S = 2.0
#: Less than the 5 s that are allowed for where a time in a document decides.
_MOST_SKEW_S = 2.0
_PORTS = {"smtp": 25, "smtps": 465, "http": 80, "https": 443}
#: A balancer that asks is told the present state. A crowd that asks hears of one that is up to three seconds old.
_CHECKS_AT_ONCE, _CHECK_EVERY_S = 3, 3.0


class Checkup:
    """Look at the servers that is shared by all who ask: no request of theirs is a request to a server of ours."""

    def __init__(self, deps: Deps) -> None:
        """Look at nothing yet."""
        self._deps = deps
        self._began_at = deps.clock.monotonic()
        self._pace = Pace(_CHECKS_AT_ONCE, _CHECK_EVERY_S)
        self._looking: asyncio.Task[list[str]] | None = None

    async def servers_down(self) -> list[str]:
        """Return the names of servers that do not answer. Callers meanwhile, or too often, share the last look."""
        if self._looking is None or (self._looking.done() and not self._pace.take(self._deps.clock.monotonic())):
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> list[str]:
        deps = self._deps
        checks: dict[str, Awaitable[None]] = {
            "mongodb": deps.db.ping(),
            "redis": asyncio.to_thread(deps.broker.prove_writable),
            "s3": deps.objects.ping(),
            "mail": _takes_mail(deps.settings.mail_url),
            "llm": _listens(deps.settings.openai_base_url or "https://api.openai.com"),
            "sweep": _sweeps(deps, deps.clock.monotonic() - self._began_at),
            "clock": agrees(deps),
        }
        failed = await asyncio.gather(*map(_fails, checks.values()))
        down = list(compress(checks, failed))
        # MongoDB knows of these two.
        return [name for name in down if "mongodb" not in down or name not in {"sweep", "clock"}]


async def livez(_request: Request) -> Response:  # Starlette wants coroutines
    """Answer 200 as long as the event loop turns."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Answer 503 without MongoDB only: other outages delay orders, and must not turn them away."""
    checkup: Checkup = request.state.checkup
    down = await checkup.servers_down()
    return JSONResponse({"ready": "mongodb" not in down, "degraded": down}, 503 if "mongodb" in down else 200)


async def _sweeps(deps: Deps, awake_s: float) -> None:
    """Return if a sweep turns, or may be about to start together with this process."""
    if awake_s > SWEEP_TURNS_S and not await has_sweep(deps.db, SWEEP_TURNS_S):
        raise PressroomError("no sweep turns")


async def agrees(deps: Deps) -> None:
    """Return if this machine's clock agrees with MongoDB's: times that one writes are read by others."""
    skew_s = await deps.db.skew_s(deps.clock.now)
    if abs(skew_s) > _MOST_SKEW_S:
        raise PressroomError(f"this machine's clock is {abs(skew_s):.1f} s off MongoDB's")


async def _takes_mail(mail_url: str) -> None:
    await _listens(await asyncio.to_thread(server_of, mail_url))


async def _listens(url: str) -> None:
    """Connect and hang up: a request to these servers would cost money, or be counted."""
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme])
    writer.close()


async def _fails(check: Awaitable[None]) -> bool:
    """Return whether a check fails, or takes too long."""
    try:
        await asyncio.wait_for(check, _DEADLINE_S)
    except Exception:  # noqa: BLE001  # every failure is a finding
        return True
    return False
