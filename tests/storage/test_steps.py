"""Transitions T6 to T14x of the protocol, each against its filter, over the wire."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage.claims import (
    claim_step,
    claims_of,
    complete_step,
    expire_step,
    fence_step,
    kill_step,
    lapsed_claims,
    release_step,
)
from storage.database import Database, Document
from storage.queueing import message_id, queue_batches, requeue_step, steps_of_messages
from storage.steps import (
    find_step,
    insert_steps,
    ready_after,
    ready_steps,
    reset_step,
    stamp_advanced,
    unadvanced_steps,
)
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


def step(step_id: str, clock: StoppedClock, **facts: Any) -> Document:
    """Return a step as a plan inserts it."""
    return {
        "_id": step_id,
        "order": "cs_1",
        "report": "cs_1:book",
        "product": "book",
        "tenant": "main",
        "key": step_id,
        "kind": "write",
        "slot": "write",
        "seq": 0,
        "needs": [],
        "state": "ready",
        "format": 1,
        "due_at": clock.now(),
        "run": 1,
        "epoch": 0,
        "attempts": 0,
        "fails": 0,
        "kills": 0,
        "sends": 0,
        "claim": None,
        "result": None,
        **facts,
    }


async def present(db: Database, step_id: str = "a") -> Document:
    """Return a step that must be there."""
    found = await find_step(db, step_id)
    assert found is not None
    return found


async def queued(db: Database, clock: StoppedClock) -> Document:
    """Return a step that was queued."""
    await insert_steps(db, [step("a", clock)])
    await queue_batches(db, [[await present(db)]], clock.now())
    return await present(db)


async def claimed(db: Database, clock: StoppedClock) -> Document:
    """Return a step that worker w1 holds for a minute."""
    await queued(db, clock)
    mine = await claim_step(db, "a", "w1", [1], clock.now() + timedelta(seconds=60))
    assert mine is not None
    return mine


async def test_inserting_a_plan_twice_keeps_what_has_happened_since(db: Database, clock: StoppedClock) -> None:
    """A plan that is inserted again adds what is missing and leaves the rest as it is."""
    await queued(db, clock)
    await insert_steps(db, [step("a", clock), step("b", clock)])
    assert (await present(db, "a"))["state"] == "queued"
    assert (await present(db, "b"))["state"] == "ready"


async def test_needs_that_were_read_before_a_reset_ready_nothing(db: Database, clock: StoppedClock) -> None:
    """A step that was reset after it was seen waiting is not readied by who saw it before."""
    await insert_steps(db, [step("c", clock, state="waiting", needs=[])])
    seen = await present(db, "c")
    await db.steps.update_one({"_id": "c"}, {"$inc": {"epoch": 1}})
    assert not await ready_steps(db, [seen], clock.now())


async def test_a_need_done_in_an_older_run_readies_nothing(db: Database, clock: StoppedClock) -> None:
    """A step that a replay has given a new run is not readied by what was done before it."""
    await insert_steps(db, [step("c", clock, state="waiting", needs=["a"], run=2)])
    assert not await ready_after(db, ["c"], 1, clock.now())
    assert await ready_after(db, ["c"], 2, clock.now())
    assert (await present(db, "c"))["state"] == "ready"


async def test_one_of_many_queues_a_ready_step(db: Database, clock: StoppedClock) -> None:
    """However many pumps saw a step ready, it is queued once, and whoever comes too late changes nothing."""
    await insert_steps(db, [step("a", clock)])
    seen = await present(db)
    await asyncio.gather(*(queue_batches(db, [[seen]], clock.now()) for _ in range(16)))
    now = await present(db)
    assert (now["state"], now["sends"]) == ("queued", 1)
    await queue_batches(db, [[seen]], clock.now())
    assert await present(db) == now


async def test_messages_name_the_steps_that_wait_for_them(db: Database, clock: StoppedClock) -> None:
    """Of the messages that a dead worker held, those count that their steps still wait for."""
    first, second = await many_queued(db, clock, "ab")
    assert first["message"] == second["message"]
    lost = [message_id(one["_id"], one["message"]) for one in (first, second)]
    assert await requeue_step(db, second, "again", clock.now())
    found = await steps_of_messages(db, [*lost, "somebody-elses"])
    assert [step["_id"] for step in found] == ["a"]


async def test_a_step_that_is_not_due_is_not_queued(db: Database, clock: StoppedClock) -> None:
    """A released step stays ready until its time has come."""
    await insert_steps(db, [step("a", clock, due_at=clock.now() + timedelta(seconds=5))])
    seen = await present(db)
    await queue_batches(db, [[seen]], clock.now())
    assert await present(db) == seen
    clock.forward(5)
    await queue_batches(db, [[seen]], clock.now())
    assert (await present(db))["state"] == "queued"


async def test_one_of_two_sweeps_sends_a_lost_message_again(db: Database, clock: StoppedClock) -> None:
    """Sending again replaces the message id that was seen, so it happens once."""
    seen = await queued(db, clock)
    won = [await requeue_step(db, seen, message, clock.now()) for message in ("m2", "m3")]
    assert won == [True, False]
    assert (await present(db))["message"] == "m2"
    assert (await present(db))["sends"] == 2


async def test_one_of_many_claims_a_step(db: Database, clock: StoppedClock) -> None:
    """Of sixteen workers that got the message, one holds the step, at a new epoch."""
    seen = await queued(db, clock)
    until = clock.now() + timedelta(seconds=60)
    claims = await asyncio.gather(*(claim_step(db, seen["_id"], f"w{n}", [1], until) for n in range(16)))
    held = [claim for claim in claims if claim]
    assert len(held) == 1
    assert held[0]["epoch"] == 1
    assert (await present(db))["claim"]["worker"] == held[0]["claim"]["worker"]


async def test_of_two_in_one_process_one_claims_a_step(db: Database, clock: StoppedClock) -> None:
    """Two messages for one step that a worker takes at once bring one claim."""
    seen = await queued(db, clock)
    claims = await asyncio.gather(*(claim_step(db, seen["_id"], "w1", [1], clock.now()) for _ in range(2)))
    assert [claim is not None for claim in claims].count(True) == 1
    assert (await present(db))["epoch"] == 1


async def many_queued(db: Database, clock: StoppedClock, ids: str) -> list[Document]:
    """Return steps that were queued."""
    await insert_steps(db, [step(one, clock) for one in ids])
    await queue_batches(db, [[await present(db, one)] for one in ids], clock.now())
    return [await present(db, one) for one in ids]


async def test_claims_that_are_made_together_are_each_their_own(db: Database, clock: StoppedClock) -> None:
    """Of steps that a worker claims at once it gets exactly those that nobody else has."""
    seen = await many_queued(db, clock, "abc")
    assert await claim_step(db, "b", "w2", [1], clock.now())
    claims = await asyncio.gather(*(claim_step(db, one["_id"], "w1", [1], clock.now()) for one in seen))
    assert [claim["_id"] if claim else None for claim in claims] == ["a", None, "c"]
    assert [(await present(db, one))["claim"]["worker"] for one in "abc"] == ["w1", "w2", "w1"]


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
    assert await release_step(db, "a", mine["epoch"], clock.now(), failed_at=None)
    assert (await present(db))["fails"] == 0
    await queue_batches(db, [[await present(db)]], clock.now())
    again = await claim_step(db, "a", "w1", [1], clock.now())
    assert again is not None
    assert await release_step(db, "a", again["epoch"], clock.now(), failed_at=clock.now())
    assert (await present(db))["fails"] == 1
    assert (await present(db))["failing_since"] == clock.now()


async def test_a_failure_that_goes_on_keeps_its_beginning(db: Database, clock: StoppedClock) -> None:
    """The time until a step is given up runs from the failure that its holder names; the latest is kept, too."""
    seen, first = await claimed(db, clock), clock.now()
    clock.forward(60)
    assert await release_step(db, "a", seen["epoch"], clock.now(), failed_at=clock.now(), failing_since=first)
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


async def test_a_completed_step_is_found_until_it_has_advanced(db: Database, clock: StoppedClock) -> None:
    """A crash between completing and advancing leaves a mark that the sweep finds after 5 s."""
    mine = await claimed(db, clock)
    await complete_step(db, mine, mine["epoch"], {}, clock.now())
    assert await unadvanced_steps(db, clock.now(), 10) == []
    clock.forward(5)
    assert [found["_id"] for found in await unadvanced_steps(db, clock.now(), 10)] == ["a"]
    await stamp_advanced(db, [mine])
    assert await unadvanced_steps(db, clock.now(), 10) == []


async def test_a_replayed_step_is_not_taken_for_unadvanced(db: Database, clock: StoppedClock) -> None:
    """A step that was reset before its death had been dealt with is made again, not buried."""
    mine = await claimed(db, clock)
    await kill_step(db, mine, mine["epoch"], "It failed.", "trace", clock.now())
    assert await reset_step(db, await present(db), 2, "ready", clock.now())
    clock.forward(5)
    assert await unadvanced_steps(db, clock.now(), 10) == []
    assert not {"error", "traceback", "done_at", "advanced"} & set(await present(db))
