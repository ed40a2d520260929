"""Transitions T10 to T14x of the protocol on a step, each against its filter, over the wire."""

import asyncio
from datetime import timedelta

import pytest

from storage.claims import (
    Failure,
    claim_step,
    claims_of,
    complete_step,
    expire_step,
    fence_step,
    kill_step,
    lapsed_claims,
    release_step,
)
from storage.database import Database
from storage.queueing import queue_batches
from storage.steps import insert_steps
from tests.conftest import StoppedClock
from tests.storage.builders import claimed, holder, many_queued, present, queued, step

pytestmark = pytest.mark.anyio


async def test_one_of_many_claims_a_step(db: Database, clock: StoppedClock) -> None:
    """Of sixteen workers that got the message, one holds the step, at a new epoch."""
    seen = await queued(db, clock)
    until = clock.now() + timedelta(seconds=60)
    claims = await asyncio.gather(*(claim_step(db, seen["_id"], f"w{n}", [1], until) for n in range(16)))
    held = [claim for claim in claims if claim]
    assert len(held) == 1
    assert held[0]["epoch"] == 1
    assert holder(await present(db)) == holder(held[0])


async def test_of_two_in_one_process_one_claims_a_step(db: Database, clock: StoppedClock) -> None:
    """Two messages for one step that a worker takes at once bring one claim."""
    seen = await queued(db, clock)
    claims = await asyncio.gather(*(claim_step(db, seen["_id"], "w1", [1], clock.now()) for _ in range(2)))
    assert [claim is not None for claim in claims].count(True) == 1
    assert (await present(db))["epoch"] == 1


async def test_claims_that_are_made_together_are_each_their_own(db: Database, clock: StoppedClock) -> None:
    """Of steps that a worker claims at once it gets exactly those that nobody else has."""
    seen = await many_queued(db, clock, "abc")
    assert await claim_step(db, "b", "w2", [1], clock.now())
    claims = await asyncio.gather(*(claim_step(db, one["_id"], "w1", [1], clock.now()) for one in seen))
    assert [claim["_id"] if claim else None for claim in claims] == ["a", None, "c"]
    assert [holder(await present(db, one)) for one in "abc"] == ["w1", "w2", "w1"]


async def test_fences_and_results_that_come_together_are_each_their_own(db: Database, clock: StoppedClock) -> None:
    """One claim that was lost is the only one of several that may neither buy nor complete."""
    seen = await many_queued(db, clock, "abc")
    held = [claim for one in seen if (claim := await claim_step(db, one["_id"], "w1", [1], clock.now()))]
    assert await expire_step(db, held[1], "m", clock.now())
    assert await claim_step(db, "b", "w1", [1], clock.now())
    fences = await asyncio.gather(*(fence_step(db, one, one["epoch"], clock.now()) for one in held))
    assert fences == [True, False, True]
    completions = (
        complete_step(db, one, one["epoch"] + fenced, {"text": one["_id"]}, clock.now())
        for one, fenced in zip(held, fences, strict=True)
    )
    assert await asyncio.gather(*completions) == [True, False, True]
    assert [(await present(db, one)).get("result") for one in "abc"] == [{"text": "a"}, None, {"text": "c"}]


async def test_a_suspect_is_left_to_who_asks_for_it(db: Database, clock: StoppedClock) -> None:
    """A step that took more processes with it than the claim bears is claimed only by one that bears any."""
    await insert_steps(db, [step("a", clock, state="queued", kills=3)])
    assert await claim_step(db, "a", "w1", [1], clock.now(), most_kills=2) is None
    assert await claim_step(db, "a", "w1", [1], clock.now())


async def test_a_worker_claims_no_plan_that_it_does_not_know(db: Database, clock: StoppedClock) -> None:
    """A step of a newer plan format is left to a newer worker."""
    await insert_steps(db, [step("a", clock, state="queued", format=2)])
    assert await claim_step(db, "a", "w1", [1], clock.now()) is None


async def test_a_fence_fails_once_somebody_else_has_claimed(db: Database, clock: StoppedClock) -> None:
    """Who lost the step buys nothing under the old claim."""
    old = await claimed(db, clock)
    assert await expire_step(db, old, "m2", clock.now())
    await claim_step(db, "a", "w2", [1], clock.now() + timedelta(seconds=60))
    assert not await fence_step(db, old, old["epoch"], clock.now())


async def test_a_late_result_is_used_while_nobody_has_claimed_again(db: Database, clock: StoppedClock) -> None:
    """A holder that was taken for dead still saves the purchase if it comes before the next claim."""
    old = await claimed(db, clock)
    await expire_step(db, old, "m2", clock.now())
    assert await complete_step(db, old, old["epoch"], {"text": "bought"}, clock.now())
    assert (await present(db))["result"] == {"text": "bought"}


async def test_a_stale_result_is_dropped_once_somebody_has_claimed(db: Database, clock: StoppedClock) -> None:
    """Two holders never both complete a step."""
    old = await claimed(db, clock)
    await expire_step(db, old, "m2", clock.now())
    new = await claim_step(db, "a", "w2", [1], clock.now() + timedelta(seconds=60))
    assert new is not None
    assert not await complete_step(db, old, old["epoch"], {"text": "old"}, clock.now())
    assert await complete_step(db, new, new["epoch"], {"text": "new"}, clock.now())
    assert (await present(db))["result"] == {"text": "new"}


async def test_a_completion_whose_answer_was_lost_counts_when_repeated(db: Database, clock: StoppedClock) -> None:
    """Writing the same completion again says that it holds."""
    mine = await claimed(db, clock)
    assert await complete_step(db, mine, mine["epoch"], {"text": "x"}, clock.now())
    assert await complete_step(db, mine, mine["epoch"], {"text": "x"}, clock.now())


async def test_a_released_step_counts_failures_and_a_stop_does_not(db: Database, clock: StoppedClock) -> None:
    """A failure is counted and dated; a worker that stops leaves no mark."""
    mine = await claimed(db, clock)
    assert await release_step(db, "a", mine["epoch"], clock.now())
    assert (await present(db))["fails"] == 0
    await queue_batches(db, [[await present(db)]], clock.now())
    again = await claim_step(db, "a", "w1", [1], clock.now())
    assert again is not None
    assert await release_step(db, "a", again["epoch"], clock.now(), Failure(1, clock.now(), clock.now()))
    assert (await present(db))["fails"] == 1
    assert (await present(db))["failing_since"] == clock.now()


async def test_a_release_whose_answer_was_lost_counts_when_repeated(db: Database, clock: StoppedClock) -> None:
    """Writing the same release again says that it holds, until another has claimed the step."""
    mine = await claimed(db, clock)
    assert await release_step(db, "a", mine["epoch"], clock.now())
    assert await release_step(db, "a", mine["epoch"], clock.now())
    await queue_batches(db, [[await present(db)]], clock.now())
    other = await claim_step(db, "a", "w2", [1], clock.now())
    assert other is not None
    assert await release_step(db, "a", other["epoch"], clock.now())
    assert not await release_step(db, "a", mine["epoch"], clock.now())


async def test_a_failure_that_goes_on_keeps_its_beginning(db: Database, clock: StoppedClock) -> None:
    """The time until a step is given up runs from the failure that its holder names; the latest is kept, too."""
    seen, first = await claimed(db, clock), clock.now()
    clock.forward(60)
    assert await release_step(db, "a", seen["epoch"], clock.now(), Failure(2, first, clock.now()))
    found = await present(db)
    assert (found["failing_since"], found["failed_at"]) == (first, clock.now())


async def test_an_expired_claim_is_counted_once(db: Database, clock: StoppedClock) -> None:
    """Two sweeps that see one dead holder count one kill and send one message."""
    seen = await claimed(db, clock)
    assert [await expire_step(db, seen, message, clock.now()) for message in ("m2", "m3")] == [True, False]
    assert (await present(db))["kills"] == 1


async def test_claims_lapse_five_seconds_after_their_time(db: Database, clock: StoppedClock) -> None:
    """A claim is over only when clocks that differ by 5 s would agree on it."""
    await claimed(db, clock)
    clock.forward(64)
    assert await lapsed_claims(db, clock.now(), 10) == []
    clock.forward(1)
    assert [found["_id"] for found in await lapsed_claims(db, clock.now(), 10)] == ["a"]


async def test_a_dead_step_fences_its_holder_off(db: Database, clock: StoppedClock) -> None:
    """What was given up cannot be completed by who still held it."""
    mine = await claimed(db, clock)
    assert await kill_step(db, mine, mine["epoch"], "It failed.", "trace", clock.now())
    assert not await complete_step(db, mine, mine["epoch"], {}, clock.now())
    assert (await present(db))["state"] == "dead"
    assert await claims_of(db, "w1") == []
