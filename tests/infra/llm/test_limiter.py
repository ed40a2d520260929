"""The limiter over a real Redis: several limiters stand for as many workers."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import redis

from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.shared import SharedCount
from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms, Wait
from infra.llm.rate_headers import Rate, RateHeaders

pytestmark = pytest.mark.anyio

MANY = 10**9
#: A hundred a second, of which 95 % is refilled steadily.
HUNDRED = Terms(Limits(requests=6_000, tokens=MANY), timeout_s=120)
REFILL_PER_MS = 0.095
ANSWERED = Outcome("answered", used=1)
REFUSED = Outcome("refused")

Open = Callable[..., Limiter]
Count = Callable[..., SharedCount]


@pytest.fixture
async def open_limiter(redis_url: str) -> AsyncIterator[Open]:
    """Open limiters as workers do, each of them counted."""
    opened: list[Limiter] = []
    beats: list[asyncio.Task[None]] = []

    def open_one(terms: Terms = HUNDRED) -> Limiter:
        opened.append(Limiter(redis_url, "model", terms))
        beats.append(asyncio.create_task(opened[-1].beat_for_ever()))
        return opened[-1]

    yield open_one
    for beat in beats:
        beat.cancel()
    for limiter in opened:
        await limiter.close()


@pytest.fixture
async def open_count(redis_url: str) -> AsyncIterator[Count]:
    """Open shared counts, which answer at once where a limiter waits."""
    opened: list[SharedCount] = []

    def open_one(terms: Terms = HUNDRED) -> SharedCount:
        opened.append(SharedCount(redis_url, "model", terms))
        return opened[-1]

    yield open_one
    for count in opened:
        await count.close()


@pytest.fixture
def server(redis_url: str) -> redis.Redis:
    """The Redis itself."""
    return redis.Redis.from_url(redis_url)


def milliseconds(server: redis.Redis) -> int:
    """Return the time of Redis's clock."""
    seconds, microseconds = server.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def content(server: redis.Redis) -> dict[bytes, bytes | None]:
    """Return all that Redis holds but the workers' own beats."""
    return {key: server.dump(key) for key in server.scan_iter() if b"workers" not in key}


async def had(count: SharedCount, tokens: int = 1) -> Reservation | None:
    """Return room as soon as the rates allow it; None if calls in the air are in the way."""
    while isinstance(found := await count.reserve(tokens), Wait):
        if found.seconds > 1:
            return None
        await asyncio.sleep(found.seconds)
    return found


async def all_to_be_had(count: SharedCount) -> list[Reservation]:
    """Take room until there is no more."""
    taken = []
    while (found := await had(count)) is not None:
        taken.append(found)
    return taken


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


async def test_a_lost_count_starts_empty(open_count: Count, server: redis.Redis) -> None:
    """After Redis forgot everything, room comes as it is refilled: nobody gets a second minute's worth."""
    count = open_count()
    await had(count)
    server.flushdb()
    began = milliseconds(server)
    for nth in range(1, 11):
        found = await had(count)
        assert found is not None
        assert REFILL_PER_MS * (found.at - began) >= nth - 1e-6


async def test_a_call_larger_than_the_limit_takes_all_of_it(open_count: Count) -> None:
    """What can never fit is not waited for without end: it goes when the whole minute's limit is there."""
    count = open_count(Terms(Limits(MANY, 600), 120))
    found = await count.reserve(10**6)
    assert isinstance(found, Wait)
    assert found.seconds == pytest.approx(60 / 0.95, abs=1)


async def test_what_a_dead_worker_held_lapses(open_limiter: Open) -> None:
    """A call whose worker died is counted until its lease ends, and not longer."""
    terms = Terms(Limits(6_000, MANY), timeout_s=0.01, margin_s=0.5)
    assert terms.ceiling == 1
    died = await open_limiter(terms).wait_for_room(1)
    after = await open_limiter(terms).wait_for_room(1)
    assert after.at - died.at >= terms.lease_s * 1000


async def test_settling_twice_or_late_changes_nothing(open_count: Count, server: redis.Redis) -> None:
    """A second settlement, and one after the lease, leave every number as it is."""
    count = open_count(Terms(Limits(6_000, MANY), timeout_s=120))
    first = await had(count, 1_000)
    assert first is not None
    await count.settle(first, Outcome("answered", used=10))
    before = content(server)
    await count.settle(first, Outcome("answered", used=10))
    await count.settle(first, Outcome("refused", headers=RateHeaders(pause_s=60)))
    assert content(server) == before

    brief = open_count(Terms(Limits(6_000, MANY), timeout_s=0.0, margin_s=0.0))
    late = await had(brief)
    assert late is not None
    before = content(server)
    await brief.settle(late, Outcome("refused", headers=RateHeaders(pause_s=60)))
    assert content(server) == before


async def test_what_a_call_did_not_use_is_given_back(open_count: Count) -> None:
    """Where nobody else counts, the next call need not wait for tokens that were reserved and not used."""
    count = open_count(Terms(Limits(MANY, 60_000), 120))
    first = await had(count, 500)
    assert first is not None
    assert isinstance(await count.reserve(500), Wait)
    await count.settle(first, Outcome("answered", used=0))
    assert isinstance(await count.reserve(490), Reservation)


async def test_what_a_call_used_beyond_its_reservation_is_taken(open_count: Count) -> None:
    """Who used more than it reserved leaves less for the next, but never less than nothing."""
    count = open_count(Terms(Limits(MANY, 60_000), 120))
    first = await had(count, 500)
    assert first is not None
    await count.settle(first, Outcome("answered", used=10**6))
    found = await count.reserve(475)
    assert isinstance(found, Wait)
    assert found.seconds <= 0.5


async def test_what_the_provider_has_charged_is_not_given_back(open_count: Count, server: redis.Redis) -> None:
    """Of what a call did not use, no more comes back than the provider must still hold after all later calls."""
    count = open_count(Terms(Limits(MANY, 6_000), 120))
    first, later = await had(count, 50), await had(count, 90)
    assert first is not None
    assert later is not None
    began = milliseconds(server)
    # A hundred were left when it answered, of which the later call has ninety: ten are surely there.
    await count.settle(first, Outcome("answered", 0, RateHeaders(tokens=Rate(6_000, 100))))
    found = await count.reserve(45)
    assert isinstance(found, Wait) or REFILL_PER_MS * (found.at - began) >= 45 - 10 - 1


async def test_a_provider_that_holds_less_than_we_think_is_believed(open_count: Count) -> None:
    """Tokens that somebody else with the same key has used are not there for us."""
    count = open_count(Terms(Limits(MANY, 6_000), 120))
    unused = await had(count, 90)
    assert unused is not None
    await count.settle(unused, Outcome("unsent"))
    refused = await count.reserve(40)
    assert isinstance(refused, Reservation)
    await count.settle(refused, Outcome("refused", headers=RateHeaders(tokens=Rate(6_000, 0))))
    found = await count.reserve(50)
    assert isinstance(found, Wait) or 0.1 * (found.at - refused.at) >= 50 - 1e-6


async def test_the_lower_of_our_limits_and_the_told_ones_holds(open_count: Count) -> None:
    """A provider that allows less than the settings say is believed; one that allows more is not."""
    count = open_count()
    for told, holds in ((Rate(600, 599), 600), (Rate(60_000, 59_999), 6_000)):
        found = await had(count)
        assert found is not None
        await count.settle(found, Outcome("answered", 1, RateHeaders(requests=told)))
        await count.reserve(1)
        assert count.limits == Limits(holds, MANY)


async def test_a_429_halves_what_is_in_the_air_and_answers_let_it_grow(open_count: Count) -> None:
    """Calls that were in the air together halve it once; as many answers as are allowed let it grow by one."""
    count = open_count(Terms(Limits(60_000, MANY), timeout_s=0.008))
    taken = await all_to_be_had(count)
    assert len(taken) == 8
    for refused in taken[:4]:
        await count.settle(refused, REFUSED)
    assert await all_to_be_had(count) == []
    for answered in taken[4:]:
        await count.settle(answered, ANSWERED)
    assert len(await all_to_be_had(count)) == 5


async def test_one_call_is_always_allowed(open_count: Count) -> None:
    """However often the provider refuses, one call may be in the air."""
    count = open_count(Terms(Limits(60_000, MANY), timeout_s=0.004))
    for _ in range(5):
        found = await had(count)
        assert found is not None
        await count.settle(found, REFUSED)
    assert len(await all_to_be_had(count)) == 1


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
