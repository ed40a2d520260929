"""Limiter over a real Redis: several limiters stand for as many workers."""

import asyncio

import pytest
import redis

from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms
from infra.llm.rate_headers import RateHeaders
from tests.infra.llm.counting import ANSWERED, MANY, REFILL_PER_MS, Count, Open, had, milliseconds

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("limits", "tokens"), [(Limits(3_000, MANY), 1), (Limits(MANY, 300_000), 100)], ids=["requests", "tokens"]
)
async def test_three_workers_use_what_is_allowed_and_never_more(
    open_limiter: Open, server: redis.Redis, limits: Limits, tokens: int
) -> None:
    """Of fifty a second three workers take 45 or more together, at no moment too many, and each its part."""
    began = milliseconds(server)
    workers = [open_limiter(Terms(limits, 120)) for _ in range(3)]
    taken: list[tuple[int, int]] = []

    def per_ms() -> float:
        return (len(taken) - 1) / (taken[-1][0] - taken[0][0])

    async def ask(worker: int) -> None:
        # A machine that stands still for a while catches up later, so they go on until it has, within bounds.
        while len(taken) < 80 or (len(taken) < 400 and per_ms() < 0.045):
            found = await workers[worker].wait_for_room(tokens)
            taken.append((found.at, worker))
            await workers[worker].settle(found, Outcome("answered", used=tokens))

    await asyncio.gather(*(ask(worker) for worker in range(3) for _ in range(4)))
    assert per_ms() >= 0.045
    times = sorted(at for at, _ in taken)
    assert all(nth <= REFILL_PER_MS / 2 * (at - began) + 1e-6 for nth, at in enumerate(times, start=1))
    assert min(sum(by == worker for _, by in taken) for worker in range(3)) >= len(taken) // 6


async def test_what_nobody_settles_lapses(open_limiter: Open) -> None:
    """A call that its worker has forgotten is counted for as long as a call can take, and not longer."""
    terms = Terms(Limits(6_000, MANY), timeout_s=0.01, margin_s=0.5)
    assert terms.ceiling == 1
    forgotten = await open_limiter(terms).wait_for_room(1)
    after = await open_limiter(terms).wait_for_room(1)
    assert after.at - forgotten.at >= terms.longest_s * 1000


async def test_what_a_dead_worker_held_lapses_long_before_its_call_could_have_ended(open_limiter: Open) -> None:
    """Few may be in the air after a refusal: nobody waits minutes for the place of a call that nobody makes."""
    terms = Terms(Limits(6_000, MANY), timeout_s=0.01, margin_s=600.0, silence_s=0.5)
    dying = open_limiter(terms)
    died = await dying.wait_for_room(1)
    await dying.close()
    after = await asyncio.wait_for(open_limiter(terms).wait_for_room(1), 30)
    assert after.at - died.at >= terms.lease_s * 1000


async def test_a_call_of_a_worker_that_lives_is_counted_for_as_long_as_it_takes(open_limiter: Open) -> None:
    """Its place is nobody else's, also when the time has passed after which a dead worker's is."""
    terms = Terms(Limits(6_000, MANY), timeout_s=0.01, margin_s=600.0, silence_s=3.0)
    living, other = open_limiter(terms), open_limiter(terms)
    held = await living.wait_for_room(1)
    waiting = asyncio.create_task(other.wait_for_room(1))
    done, _ = await asyncio.wait([waiting], timeout=4.0)
    assert not done
    await living.settle(held, ANSWERED)
    await asyncio.wait_for(waiting, 30)


async def test_a_pause_holds_for_all_workers(open_limiter: Open, open_count: Count, server: redis.Redis) -> None:
    """After `retry-after` nobody gets room before its time, and a hundred who wait ask Redis a few times only."""
    count, other = open_count(), open_limiter()
    first = await had(count)
    assert first is not None
    began = milliseconds(server)
    await count.settle(first, Outcome("refused", headers=RateHeaders(pause_s=0.8)))
    asked_before = scripts_run(server)
    waiting = [asyncio.create_task(other.wait_for_room(1)) for _ in range(100)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert scripts_run(server) - asked_before <= 10
    assert all(task.result().at >= began + 800 for task in done)
    await stopped(*waiting)


async def test_who_stops_waiting_holds_up_nobody(open_limiter: Open, open_count: Count) -> None:
    """A worker whose waiting calls are all cancelled ends them at once, and the next worker gets their room."""
    terms = Terms(Limits(6_000, MANY), timeout_s=0.01)
    stopping, other = open_limiter(terms), open_limiter(terms)
    count = open_count(terms)
    first = await had(count)
    assert first is not None
    waiting = [asyncio.create_task(stopping.wait_for_room(1)) for _ in range(20)]
    next_one = asyncio.create_task(other.wait_for_room(1))
    await asyncio.wait({next_one, *waiting}, timeout=0.2)
    assert not any(task.done() for task in (next_one, *waiting))
    await stopped(*waiting)
    await count.settle(first, ANSWERED)
    await next_one


async def stopped(*tasks: asyncio.Task[Reservation]) -> None:
    """Cancel what waits, and return when all of it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def scripts_run(server: redis.Redis) -> int:
    """Return how many scripts Redis has run since it started."""
    return int(server.info("commandstats")["cmdstat_evalsha"]["calls"])


async def test_calls_wait_in_order(open_limiter: Open, open_count: Count) -> None:
    """Who has the higher priority goes first, then who came first."""
    count, limiter = open_count(), open_limiter()
    first = await had(count)
    assert first is not None
    await count.settle(first, Outcome("failed", headers=RateHeaders(pause_s=0.3)))
    order: list[str] = []

    async def wait(name: str, priority: int) -> None:
        await limiter.wait_for_room(1, priority=priority)
        order.append(name)

    asked = [("a", 0), ("b", 0), ("c", 5), ("d", 0), ("e", 5), ("f", -1)]
    await asyncio.gather(*(wait(*one) for one in asked))
    assert order == ["c", "e", "a", "b", "d", "f"]


async def test_a_large_call_is_not_overtaken_for_ever(open_limiter: Open) -> None:
    """While a large call waits a second for its tokens, another worker's small ones do not take them away."""
    terms = Terms(Limits(MANY, 600_000), 120)
    small, large = open_limiter(terms), open_limiter(terms)
    taken: list[int] = []

    async def take_small_ones() -> None:
        while True:
            taken.append((await small.wait_for_room(95)).at)

    await small.wait_for_room(95)
    taking = asyncio.create_task(take_small_ones())
    found = await asyncio.wait_for(large.wait_for_room(9_500), 30)
    taking.cancel()
    assert [at for at in taken if found.at - 500 < at < found.at] == []
