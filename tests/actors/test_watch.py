"""Which workers the sweep takes for dead, against real heartbeats in MongoDB."""

import pytest

from actors.deps import Deps
from actors.sweep.watch import Watch
from storage.workers import beat
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def dead(watch: Watch, deps: Deps) -> list[str]:
    """Return the ids of the workers that are dead by now."""
    return [worker["_id"] for worker in await watch.dead_workers(deps)]


async def test_a_worker_that_beats_lives(deps: Deps, clock: StoppedClock) -> None:
    """As long as the counter moves between reads, the worker is not dead, however much time passes."""
    watch = Watch(clock)
    for _ in range(10):
        await beat(deps.db, "w1", {"queue": "q"}, clock.now())
        assert await dead(watch, deps) == []
        clock.forward(60)


async def test_a_worker_is_dead_after_six_seconds_at_one_beat(deps: Deps, clock: StoppedClock) -> None:
    """Only a counter that this very process saw standing still for 6 s over three reads is a death."""
    watch = Watch(clock)
    await beat(deps.db, "w1", {"queue": "q"}, clock.now())
    seen = []
    for _ in range(4):
        seen.append(await dead(watch, deps))
        clock.forward(2)
    assert seen == [[], [], [], ["w1"]]


async def test_two_reads_are_not_enough(deps: Deps, clock: StoppedClock) -> None:
    """A sweep that was itself asleep for a minute does not conclude from two reads."""
    watch = Watch(clock)
    await beat(deps.db, "w1", {"queue": "q"}, clock.now())
    assert await dead(watch, deps) == []
    clock.forward(60)
    assert await dead(watch, deps) == []
    assert await dead(watch, deps) == ["w1"]


class SlowReads(StoppedClock):
    """A clock on which each read takes two seconds."""

    def monotonic(self) -> float:
        """Return the seconds, later with each look."""
        self.seconds += 2
        return self.seconds


async def test_a_read_that_waited_for_mongodb_is_no_observation(deps: Deps) -> None:
    """While MongoDB keeps the sweep waiting no worker can beat: none is taken for dead for that."""
    clock = SlowReads()
    watch = Watch(clock)
    await beat(deps.db, "w1", {"queue": "q"}, clock.now())
    for _ in range(5):
        assert await dead(watch, deps) == []


async def test_a_new_sweep_begins_its_own_observation(deps: Deps, clock: StoppedClock) -> None:
    """What another process saw counts for nothing."""
    await beat(deps.db, "w1", {"queue": "q"}, clock.now())
    for _ in range(5):
        assert await dead(Watch(clock), deps) == []
        clock.forward(10)
