"""Troubles of the installation itself: told while they last, withdrawn when they are over, and told anew."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.sweep.lookout import Lookout
from actors.sweep.sweep import sweep_for_ever
from infra.broker.broker import Broker
from infra.errors import TransientError
from infra.stripe.client import KeyMayNot
from storage.objects import ObjectStore
from storage.workers import beat, remove_worker
from tests.actors.builders import BOOK, begun
from tests.actors.post import stored
from tests.actors.vendors import Silence
from tests.builders import facts_of_worker
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def subjects(deps: Deps, kind: str) -> set[str | None]:
    """Return the subjects of the alerts of a kind."""
    return {alert["event"] async for alert in deps.db.alerts.find({"kind": kind})}


async def look(deps: Deps, lookout: Lookout, seconds: int) -> set[str | None]:
    """Look for workers every two seconds. Returns the queues that an operator hears of."""
    for _ in range(0, seconds, 2):
        deps.clock.forward(2)  # type: ignore[attr-defined]
        await lookout.look_for_workers(deps)
    return await subjects(deps, "no_worker")


async def test_each_time_that_no_worker_sends_mail_is_told(deps: Deps) -> None:
    """Also where nothing waits; the alert goes when a worker is back, so that the next outage is another."""
    lookout = Lookout()
    for _ in range(2):
        assert await look(deps, lookout, 20) == set()
        assert await look(deps, lookout, 4) == {"bundle"}
        await beat(deps.db, "w1", facts_of_worker(queue="bundle"), deps.clock.now())
        assert await look(deps, lookout, 2) == set()
        await remove_worker(deps.db, "w1")


async def test_each_time_that_no_worker_takes_a_products_work_is_told(deps: Deps) -> None:
    """Also where Redis has lost its messages; products without work that waits are no trouble."""
    await beat(deps.db, "w1", facts_of_worker(queue="bundle"), deps.clock.now())
    await begun(deps)
    deps.broker.client.flushdb()
    lookout = Lookout()
    for _ in range(2):
        assert await look(deps, lookout, 30) == set()
        assert await look(deps, lookout, 12) == {BOOK}
        await beat(deps.db, "w2", facts_of_worker(queue=BOOK), deps.clock.now())
        assert await look(deps, lookout, 2) == set()
        await remove_worker(deps.db, "w2")


async def test_each_time_that_redis_is_away_for_a_minute_is_told(deps: Deps, clock: StoppedClock) -> None:
    """A Redis that refuses writes is as good as none."""
    lookout, away = Lookout(), replace(deps, broker=Broker("redis://127.0.0.1:1/0"))
    for _ in range(2):
        for _ in range(3):
            await lookout.look_at_redis(away)
            clock.forward(25)
        assert await subjects(deps, "redis") == set()
        await lookout.look_at_redis(away)
        assert await subjects(deps, "redis") == {"redis"}
        await lookout.look_at_redis(deps)
        assert await subjects(deps, "redis") == set()


async def test_a_redis_that_takes_no_writes_is_away(deps: Deps, clock: StoppedClock) -> None:
    """One that is full answers, and takes no message."""
    lookout, client = Lookout(), deps.broker.client
    try:
        client.config_set("maxmemory", "1")
        await lookout.look_at_redis(deps)
        clock.forward(60)
        await lookout.look_at_redis(deps)
    finally:
        client.config_set("maxmemory", "0")
    assert await subjects(deps, "redis") == {"redis"}


class Refusal(Silence):
    """Stripe whose key has lost the right to list events."""

    def __init__(self) -> None:
        """Refuse."""
        self.refuses = True

    def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[dict[str, Any]]:
        """Fail, or list nothing."""
        return self._list()

    def complete_sessions(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Fail, or list nothing."""
        return self._list()

    async def _list(self) -> AsyncIterator[dict[str, Any]]:
        if self.refuses:
            raise KeyMayNot("rak_event_read")
        for session in list[dict[str, Any]]():
            yield session


async def test_a_key_without_the_right_to_list_events_is_told_each_time(deps: Deps) -> None:
    """The net below missed webhooks does not end in silence; once it holds again, the alert goes."""
    stripe, stopping = Refusal(), asyncio.Event()
    await beat(deps.db, "w1", facts_of_worker(queue="bundle"), deps.clock.now())
    sweeping = asyncio.create_task(sweep_for_ever(deps, stripe, 2.0, stopping))
    try:
        for stripe.refuses in (True, False, True):
            expected = {"reconcile_recent"} if stripe.refuses else set()
            async with asyncio.timeout(30):
                while await subjects(deps, "sweep") != expected:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
    finally:
        stopping.set()
        await sweeping


class SilentStore(ObjectStore):
    """Store that does not answer."""

    async def exists(self, key: str) -> bool:
        """Fail, with the words of a customer."""
        raise TransientError(f"Ada's {key}")


async def test_a_duty_that_fails_for_a_while_is_told(deps: Deps) -> None:
    """Of its error no word goes out, since it may quote a customer."""
    await stored(deps)
    stopping, broken = asyncio.Event(), replace(deps, objects=SilentStore("pressroom", None))
    sweeping = asyncio.create_task(sweep_for_ever(broken, Silence(), 2.0, stopping))
    try:
        async with asyncio.timeout(30):
            while "seek_lost_books" not in await subjects(deps, "sweep"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        stopping.set()
        await sweeping
    async for alert in deps.db.alerts.find():
        assert "Ada" not in alert["text"]
