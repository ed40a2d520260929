"""The limiter while Redis is away: a real one that was stopped, or that hangs."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.local_count import LocalCount
from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms, Wait
from infra.llm.rate_headers import RateHeaders
from infra.local.stack import Stack
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

TERMS = Terms(Limits(requests=6_000, tokens=10**9), timeout_s=120)
#: Of a hundred a second for two workers, 95 % steadily.
EACH_PER_S = 47.5


@pytest.fixture
async def limiters(redis_url: str) -> AsyncIterator[list[Limiter]]:
    """Two workers that know of one another."""
    pair = [Limiter(redis_url, "model", TERMS) for _ in range(2)]
    await asyncio.gather(*(limiter.wait_for_room(1) for limiter in pair))
    await asyncio.gather(*(limiter.wait_for_room(1) for limiter in pair))
    beats = [asyncio.create_task(limiter.beat_for_ever()) for limiter in pair]
    yield pair
    for beat in beats:
        beat.cancel()
    for limiter in pair:
        await limiter.close()


async def test_without_redis_each_worker_has_its_part(limiters: list[Limiter], stack: Stack) -> None:
    """Two workers go on with half of the limits each, and share them again when Redis is back."""
    stack.part("redis").terminate()
    began = time.monotonic()

    async def take(limiter: Limiter) -> None:
        for nth in range(1, 31):
            found = await limiter.wait_for_room(1)
            assert not found.shared
            assert nth <= EACH_PER_S * (time.monotonic() - began)
            await limiter.settle(found, Outcome("answered"))

    await asyncio.gather(*map(take, limiters))
    stack.part("redis").start()
    for limiter in limiters:
        while not (await limiter.wait_for_room(1)).shared:
            pass


async def test_a_redis_that_hangs_costs_a_second_once(limiters: list[Limiter], stack: Stack) -> None:
    """Calls go on by their worker's part when Redis takes connections and does not answer."""
    os.kill(stack.part("redis").pid, signal.SIGSTOP)
    try:
        for _ in range(5):
            found = await asyncio.wait_for(limiters[0].wait_for_room(1), 10)
            assert not found.shared
            await limiters[0].settle(found, Outcome("answered"))
    finally:
        os.kill(stack.part("redis").pid, signal.SIGCONT)


async def room(local: LocalCount, clock: StoppedClock, tokens: int = 1) -> tuple[float, Reservation]:
    """Return how long a local count lets a call wait, and its room."""
    waited = 0.0
    while isinstance(found := await local.reserve(tokens), Wait):
        assert waited < 3600
        waited += found.seconds
        clock.forward(found.seconds)
    return waited, found


async def test_a_local_count_starts_empty_and_is_a_part(clock: StoppedClock) -> None:
    """Four workers that had a hundred a second have 23.75 each, from nothing."""
    local = LocalCount(clock, TERMS.limits, TERMS.ceiling, workers=4)
    waits = [(await room(local, clock))[0] for _ in range(20)]
    assert sum(waits) == pytest.approx(20 * 4 / 95, abs=0.02)


def test_a_local_count_among_unknown_workers_is_small(clock: StoppedClock) -> None:
    """A worker that never reached Redis takes the part of one of eight."""
    assert LocalCount(clock, TERMS.limits, TERMS.ceiling, workers=None).parts == 8


async def test_a_local_count_obeys_pauses_and_refusals(clock: StoppedClock) -> None:
    """Alone, too, `retry-after` is waited for, and a 429 halves what may be in the air."""
    local = LocalCount(clock, TERMS.limits, bound=8, workers=1)
    taken = [(await room(local, clock))[1] for _ in range(8)]
    await local.settle(taken[0], Outcome("refused", headers=RateHeaders(pause_s=30)))
    await local.settle(taken[0], Outcome("refused", headers=RateHeaders(pause_s=300)))
    for one in taken[1:5]:
        await local.settle(one, Outcome("failed"))
    assert (await room(local, clock))[0] == pytest.approx(30)
    assert isinstance(await local.reserve(1), Wait)


async def test_a_large_call_waits_for_its_tokens_in_a_local_count(clock: StoppedClock) -> None:
    """One call may need more than the part of a minute: it waits until all of it has been refilled."""
    local = LocalCount(clock, Limits(6_000, 30_000), TERMS.ceiling, workers=8)
    assert (await room(local, clock, 4_900))[0] == pytest.approx(4_900 / (30_000 / 8 * 0.95) * 60, abs=0.01)
