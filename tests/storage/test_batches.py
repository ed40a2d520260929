"""Steps that are queued under one message: each remains a step of its own."""

from datetime import timedelta

import pytest

from storage.claims import claim_others, claim_step, expire_step
from storage.database import Database
from storage.queueing import message_id, message_of, queue_batches, requeue_step, steps_of_messages
from storage.records.work import Step
from storage.steps import insert_steps
from tests.conftest import StoppedClock
from tests.storage.builders import holder, present, step

pytestmark = pytest.mark.anyio


async def batch(db: Database, clock: StoppedClock, ids: str = "abcd") -> list[Step]:
    """Return steps that were queued under one message."""
    await insert_steps(db, [step(one, clock) for one in ids])
    message = await queue_batches(db, [[await present(db, one) for one in ids]], clock.now())
    queued = [await present(db, one) for one in ids]
    assert {message_of(one) for one in queued} == {message_id(ids[0], message)}
    return queued


async def claimed(db: Database, clock: StoppedClock, worker: str = "w1") -> tuple[Step, list[Step]]:
    """Return the first of a batch and the others, claimed by a worker."""
    until = clock.now() + timedelta(seconds=60)
    first = await claim_step(db, "a", worker, [1], until)
    assert first is not None
    return first, await claim_others(db, first, worker, until)


async def test_who_claims_the_first_gets_the_others(db: Database, clock: StoppedClock) -> None:
    """One claim of a batch takes all of it, each step with an epoch of its own, and a second one nothing."""
    await batch(db, clock)
    first, others = await claimed(db, clock)
    assert [(one["_id"], one["epoch"], holder(one)) for one in (first, *others)] == [
        (name, 1, "w1") for name in "abcd"
    ]
    assert await claim_others(db, first, "w2", clock.now()) == []


async def test_who_left_the_batch_is_not_claimed_with_it(db: Database, clock: StoppedClock) -> None:
    """What somebody else has claimed or sent again meanwhile stays theirs."""
    _, second, third, _ = await batch(db, clock)
    assert await claim_step(db, second["_id"], "w2", [1], clock.now())
    assert await requeue_step(db, third, "again", clock.now())
    first, others = await claimed(db, clock)
    assert (first["_id"], [one["_id"] for one in others]) == ("a", ["d"])
    assert holder(await present(db, "b")) == "w2"
    assert message_of(await present(db, "c")) == message_id("c", "again")


async def test_a_step_that_was_taken_back_has_a_message_of_its_own(db: Database, clock: StoppedClock) -> None:
    """A dead worker's steps are queued each by itself: the one that killed it kills no others the next time."""
    await batch(db, clock)
    first, others = await claimed(db, clock)
    for number, held in enumerate((first, *others)):
        assert await expire_step(db, held, f"m{number}", clock.now())
    queued = [await present(db, name) for name in "abcd"]
    assert [message_of(one) for one in queued] == [f"m{number}:{name}" for number, name in enumerate("abcd")]
    again, none = await claimed(db, clock, "w2")
    assert (again["_id"], none) == ("a", [])


async def test_the_message_of_a_batch_names_all_of_it(db: Database, clock: StoppedClock) -> None:
    """Who lost one message finds every step that still waits for it, whatever became of the first."""
    first, second, *_ = await batch(db, clock)
    lost = message_of(first)
    assert await claim_step(db, first["_id"], "w1", [1], clock.now())
    assert await requeue_step(db, second, "again", clock.now())
    assert [one["_id"] for one in await steps_of_messages(db, [lost])] == ["c", "d"]


async def test_a_step_that_is_queued_again_alone_has_left_its_batch(db: Database, clock: StoppedClock) -> None:
    """A chapter that was released is queued by itself, and takes no other with it."""
    await batch(db, clock, "ab")
    await db.steps.update_one({"_id": "a"}, {"$set": {"state": "ready", "due_at": clock.now()}})
    message = await queue_batches(db, [[await present(db, "a")]], clock.now())
    assert message_of(await present(db, "a")) == message_id("a", message)
    first, others = await claimed(db, clock)
    assert (first["_id"], others) == ("a", [])
