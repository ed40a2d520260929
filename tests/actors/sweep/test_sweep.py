"""Rounds of the sweep, and what they do about what a crash can leave behind, against real servers."""

import uuid

import pytest

from actors.deps.process import Deps
from storage.dead_letters import dead_letters
from storage.events import new_event, record_events
from storage.orders import find_order
from storage.reports import find_report, report_id
from tests.actors.builders import (
    BOOK,
    apply,
    begun,
    event,
    finish,
    messages,
    placed,
    present,
    report_of,
    state,
    steps,
    sweep,
)
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def test_an_event_that_was_recorded_and_not_applied_is_applied(deps: Deps, clock: StoppedClock) -> None:
    """A crash between recording and placing leaves an order that the sweep places and queues."""
    session = f"cs_test_{uuid.uuid4().hex}"
    await record_events(deps.db, [new_event("evt_1", "checkout.session.completed", event(session), clock.now())])
    await sweep(deps)
    assert await find_order(deps.db, session) is None
    clock.forward(5)
    await sweep(deps)
    assert await find_order(deps.db, session) is not None
    assert [message["kwargs"] for message in messages(deps)] == [{"report": report_id(session, BOOK)}]


async def test_what_a_done_step_unlocks_is_unlocked_after_a_crash(deps: Deps, clock: StoppedClock) -> None:
    """A worker that died right after completing leaves nothing waiting: chapter queued, slot free."""
    order = await begun(deps)
    written = (await steps(deps, order, "write"))[0]
    await finish(deps, written)
    clock.forward(5)
    await sweep(deps)
    chapter = (await steps(deps, order, "render"))[0]
    report = await report_of(deps, order)
    assert chapter["state"] == "queued"
    assert len(report["slots"]["write"]) == 3
    assert len(report["slots"]["render"]) == 1
    again = await state(deps, written)
    assert again["advanced"] is True


async def test_a_slot_that_nothing_holds_is_taken_back(deps: Deps, clock: StoppedClock) -> None:
    """Slots of steps that are settled, of an older run, or gone are leftovers; that of a running step is not."""
    order = await begun(deps)
    settled, replayed, gone, *running = await steps(deps, order, "write")
    await deps.db.steps.delete_one({"_id": gone["_id"]})
    await finish(deps, settled, advanced=True)
    await deps.db.steps.update_one({"_id": replayed["_id"]}, {"$set": {"run": 2}})
    await sweep(deps)
    report = await report_of(deps, order)
    assert report["slots"]["write"] == [f"{step['_id']}@1" for step in running]


async def test_a_ready_step_with_a_slot_is_queued(deps: Deps, clock: StoppedClock) -> None:
    """A released step whose timer died with its worker is queued again by the sweep, in the slot that it kept."""
    order = await begun(deps)
    released = (await steps(deps, order, "write"))[0]
    await deps.db.steps.update_one({"_id": released["_id"]}, {"$set": {"state": "ready", "due_at": clock.now()}})
    clock.forward(5)
    await sweep(deps)
    again = await state(deps, released)
    assert again["state"] == "queued"


async def test_a_report_that_cannot_be_finished_calls_the_operator_and_holds_nobody_up(
    deps: Deps, clock: StoppedClock
) -> None:
    """A PDF that S3 has lost puts its order before an operator; other orders' steps are advanced all the same."""
    broken, well = await begun(deps), await begun(deps)
    assembly = (await steps(deps, broken, "assemble"))[0]
    await finish(deps, assembly, result={"object": "nowhere", "key": "nowhere.pdf"})
    clock.forward(1)
    written = (await steps(deps, well, "write"))[0]
    await finish(deps, written)
    clock.forward(5)
    await sweep(deps)
    found = await present(deps, broken)
    assert "what follows assemble fails" in (found["attention"] or "")
    assert (await steps(deps, well, "render"))[0]["state"] == "queued"


async def test_an_event_that_cannot_be_applied_holds_nobody_up(deps: Deps, clock: StoppedClock) -> None:
    """What is not understood becomes a dead letter; the paid order behind it is placed."""
    session = f"cs_test_{uuid.uuid4().hex}"
    odd = event("cs_odd").replace(b'"amount_subtotal": 1900', b'"amount_subtotal": %d' % 2**70)
    await record_events(deps.db, [new_event("evt_1", "checkout.session.completed", odd, clock.now())])
    await record_events(deps.db, [new_event("evt_2", "checkout.session.completed", event(session), clock.now())])
    clock.forward(5)
    await sweep(deps)
    assert await find_order(deps.db, session) is not None
    letters = await dead_letters(deps.db, limit=10)
    assert [letter["_id"] for letter in letters] == ["event:evt_1"]


async def test_a_report_opens_though_another_of_its_order_is_in_trouble(deps: Deps) -> None:
    """What an operator is called for later does not keep a paid order's reports from being opened."""
    order = await placed(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"attention": "another report is dead"}})
    await deps.db.reports.delete_many({})
    await apply(deps, event(order))
    assert await find_report(deps.db, report_id(order, BOOK)) is not None


async def test_a_report_with_room_is_served_however_many_others_are_full(deps: Deps, clock: StoppedClock) -> None:
    """Ready steps of reports that are at their bound do not hide those of a report that has room."""
    for _ in range(3):
        full = await begun(deps)
        await deps.db.steps.update_many({"order": full, "kind": "render"}, {"$set": {"state": "ready"}})
    hungry = await begun(deps)
    await deps.db.reports.update_one({"order": hungry}, {"$set": {"slots.write": []}})
    await deps.db.steps.update_many(
        {"order": hungry, "kind": "write"}, {"$set": {"state": "ready", "due_at": clock.now()}}
    )
    clock.forward(5)
    await sweep(deps)
    assert {step["state"] for step in await steps(deps, hungry, "write")} == {"queued"}
