"""Transitions T5, T6 and T17 of the protocol on steps, each against its filter, over the wire."""

import pytest

from storage.claims import complete_step, kill_step
from storage.database import Database
from storage.steps import insert_steps, ready_after, ready_steps, reset_step, stamp_advanced, unadvanced_steps
from tests.conftest import StoppedClock
from tests.storage.builders import claimed, present, queued, step

pytestmark = pytest.mark.anyio


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
