"""Shared count over a real Redis: what it gives, takes back and learns of the provider."""

import pytest
import redis

from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms, Wait
from infra.llm.rate_headers import Rate, RateHeaders
from tests.infra.llm.counting import (
    ANSWERED,
    MANY,
    REFILL_PER_MS,
    REFUSED,
    Count,
    all_to_be_had,
    had,
    milliseconds,
)

pytestmark = pytest.mark.anyio


def content(server: redis.Redis) -> dict[bytes, bytes | None]:
    """Return all that Redis holds but the workers' own beats."""
    return {key: server.dump(key) for key in server.scan_iter() if b"workers" not in key}


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


@pytest.mark.parametrize(
    ("told", "holds"), [(Rate(600, 599), 600), (Rate(60_000, 59_999), 6_000)], ids=["lower", "higher"]
)
async def test_the_lower_of_our_limits_and_the_told_ones_holds(
    open_count: Count, server: redis.Redis, told: Rate, holds: int
) -> None:
    """A provider that allows less than the settings say is believed; one that allows more is not."""
    per_ms = 0.95 * holds / 60_000
    count, began = open_count(), milliseconds(server)
    first = await had(count)
    assert first is not None
    await count.settle(first, Outcome("answered", 1, RateHeaders(requests=told)))
    told_at = milliseconds(server)
    for nth in range(2, 5):
        found = await had(count)
        assert found is not None
        assert REFILL_PER_MS * (told_at - began) + per_ms * (found.at - told_at) >= nth - 1e-6
    next_one = await count.reserve(1)
    assert isinstance(next_one, Reservation) or next_one.seconds <= 0.001 / per_ms + 0.001


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
