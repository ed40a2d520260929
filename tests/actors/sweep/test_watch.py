"""Workers that the sweep takes for dead, against real heartbeats in MongoDB."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from prometheus_client import REGISTRY

from actors.deps.process import Deps
from actors.sweep.workers import Watch
from infra.broker.broker import Broker, BrokerIsDown
from infra.local.stack import Stack
from storage.claims import claim_step
from storage.records.work import Worker
from storage.workers import beat, live_workers, remove_worker
from tests.actors.builders import begun, state, steps
from tests.builders import facts_of_worker
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def dead(watch: Watch, deps: Deps) -> list[str]:
    """Return the ids of the workers that are dead by now."""
    return [worker["_id"] for worker in await watch.dead_workers(deps)]


async def test_a_worker_that_beats_lives(deps: Deps, clock: StoppedClock) -> None:
    """As long as the counter moves between reads, the worker is not dead, however much time passes."""
    watch = Watch(clock)
    for _ in range(10):
        await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
        assert await dead(watch, deps) == []
        clock.forward(60)


async def test_a_worker_is_dead_after_six_seconds_at_one_beat(deps: Deps, clock: StoppedClock) -> None:
    """Only a counter that this very process saw standing still for 6 s over three reads is a death."""
    watch = Watch(clock)
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    seen = []
    for _ in range(4):
        seen.append(await dead(watch, deps))
        clock.forward(2)
    assert seen == [[], [], [], ["w1"]]


async def test_a_worker_that_another_sweep_buried_lives_if_it_beats(deps: Deps, clock: StoppedClock) -> None:
    """Its counter begins anew then, and may stand where this sweep saw it last: its heart is not still."""
    watch = Watch(clock)
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    for _ in range(2):
        assert await dead(watch, deps) == []
        clock.forward(4)
    await remove_worker(deps.db, "w1")
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    assert await dead(watch, deps) == []


async def test_two_reads_are_not_enough(deps: Deps, clock: StoppedClock) -> None:
    """A sweep that was itself asleep for a minute does not conclude from two reads."""
    watch = Watch(clock)
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    assert await dead(watch, deps) == []
    clock.forward(60)
    assert await dead(watch, deps) == []
    assert await dead(watch, deps) == ["w1"]


class SlowReads(StoppedClock):
    """Clock on which each read takes two seconds, as long as it is slow."""

    slow = True

    def monotonic(self) -> float:
        """Return the seconds, later with each look."""
        self.seconds += 2 * self.slow
        return self.seconds


async def test_a_read_that_waited_for_mongodb_is_no_observation(deps: Deps) -> None:
    """While MongoDB keeps the sweep waiting no worker can beat: none is taken for dead for that."""
    clock = SlowReads()
    watch = Watch(clock)
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    for _ in range(5):
        assert await dead(watch, deps) == []


async def test_a_read_that_waited_puts_a_death_off_by_its_own_time(deps: Deps) -> None:
    """What was seen before it still counts: a busy database delays the rescue of work by no more than it must."""
    clock = SlowReads()
    watch, seen = Watch(clock), []
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    for slow in (False, False, False, True, False):
        clock.slow = slow
        seen.append(await dead(watch, deps))
        clock.forward(2)
    assert seen == [[], [], [], [], ["w1"]]


async def test_a_new_sweep_begins_its_own_observation(deps: Deps, clock: StoppedClock) -> None:
    """What another process saw counts for nothing."""
    await beat(deps.db, "w1", facts_of_worker(queue="q"), clock.now())
    for _ in range(5):
        assert await dead(Watch(clock), deps) == []
        clock.forward(10)


class Revived(Watch):
    """Watch whose silent workers beat once more right after they were looked at."""

    async def dead_workers(self, deps: Deps) -> list[Worker]:
        """Let each of them beat."""
        found = await super().dead_workers(deps)
        for worker in found:
            await beat(deps.db, worker["_id"], facts_of_worker(), deps.clock.now())
        return found


async def test_a_worker_that_beats_again_at_the_last_moment_is_not_buried(deps: Deps, clock: StoppedClock) -> None:
    """Between the look that found it silent and its burial it is looked at once more."""
    watch = Revived(clock)
    await beat(deps.db, "w1", facts_of_worker(), clock.now())
    for _ in range(5):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
    assert [(worker["_id"], worker["beat"]) for worker in await live_workers(deps.db)] == [("w1", 2)]


class Waking(Broker):
    """Broker whose dead worker wakes up once as it is buried, and does something."""

    def __init__(self, url: str, deed: Callable[[], Awaitable[object]]) -> None:
        """Take what it does."""
        super().__init__(url)
        self._loop, self._deeds = asyncio.get_running_loop(), [deed]

    def forget_holder(self, broker_id: str, queue: str) -> list[str]:
        """Let it do that meanwhile."""
        while self._deeds:
            asyncio.run_coroutine_threadsafe(_awaited(self._deeds.pop()), self._loop).result(5)
        return super().forget_holder(broker_id, queue)


async def _awaited(ask: Callable[[], Awaitable[object]]) -> None:
    assert await ask()


async def test_a_worker_that_beats_while_it_is_buried_stays_registered(
    deps: Deps, stack: Stack, clock: StoppedClock
) -> None:
    """It woke up and takes messages again: if it dies before its next beat, a sweep must know that it lived."""

    async def beats() -> bool:
        await beat(deps.db, "w1", facts_of_worker(), clock.now())
        return True

    await beats()
    deps = replace(deps, broker=Waking(stack.env["REDIS_URL"], beats))
    watch = Watch(clock)
    for _ in range(4):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
    deps.broker.client.close()
    assert [(worker["_id"], worker["beat"]) for worker in await live_workers(deps.db)] == [("w1", 2)]


async def test_a_worker_that_claims_while_it_is_buried_is_looked_at_again(
    deps: Deps, stack: Stack, clock: StoppedClock
) -> None:
    """It woke up, and may fall silent for good before it beats: its new claims are taken at the next look."""
    order = await begun(deps)
    (section, *_) = await steps(deps, order, "write")
    claim = partial(claim_step, deps.db, section["_id"], "w1", [2], clock.now() + timedelta(hours=1))
    deps = replace(deps, broker=Waking(stack.env["REDIS_URL"], claim))
    watch, seen = Watch(clock), []
    await beat(deps.db, "w1", facts_of_worker(), clock.now())
    for _ in range(5):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
        known = [worker["_id"] for worker in await live_workers(deps.db)]
        seen.append(((await state(deps, section))["state"], known))
    deps.broker.client.close()
    assert seen == [*[("queued", ["w1"])] * 3, ("claimed", ["w1"]), ("queued", [])]


async def test_a_dead_worker_is_counted_once(deps: Deps, clock: StoppedClock) -> None:
    """While Redis is away its burial is tried at each look: that makes no more deaths of it, nor an alarm."""
    before = counted()
    away, watch = replace(deps, broker=Broker("redis://127.0.0.1:1/0")), Watch(clock)
    await beat(deps.db, "w1", facts_of_worker(), clock.now())
    for _ in range(6):
        with suppress(BrokerIsDown):
            await watch.bury_dead_workers(away)
        clock.forward(2)
    await watch.bury_dead_workers(deps)
    assert (await live_workers(deps.db), counted() - before) == ([], 1)


def counted() -> float:
    """Return how many dead workers of the queue this process has counted."""
    return REGISTRY.get_sample_value("pressroom_dead_workers_total", {"queue": "life_clarity"}) or 0.0


async def test_claims_that_lapsed_while_mongodb_was_away_are_left_alone_for_a_while(deps: Deps) -> None:
    """Their holders have answers in hand that they could not write down: those come first."""
    order = await begun(deps)
    (section, *_) = await steps(deps, order, "write")
    assert await claim_step(deps.db, section["_id"], "w1", [2], deps.clock.now() - timedelta(seconds=60))
    clock = SlowReads()
    watch = Watch(clock)
    await watch.dead_workers(deps)
    states = []
    for _ in range(2):
        await watch.expire_lapsed_claims(deps)
        states += [step["state"] for step in (await steps(deps, order, "write"))[:1]]
        clock.forward(16)
    assert states == ["claimed", "queued"]


async def test_a_new_sweep_leaves_lapsed_claims_alone_for_a_while(deps: Deps, clock: StoppedClock) -> None:
    """MongoDB may have been away until it started: holders first write down what they have in hand."""
    order = await begun(deps)
    (section, *_) = await steps(deps, order, "write")
    assert await claim_step(deps.db, section["_id"], "w1", [2], deps.clock.now() - timedelta(seconds=60))
    watch, states = Watch(clock), []
    for _ in range(2):
        await watch.expire_lapsed_claims(deps)
        states += [step["state"] for step in (await steps(deps, order, "write"))[:1]]
        clock.forward(16)
    assert states == ["claimed", "queued"]
