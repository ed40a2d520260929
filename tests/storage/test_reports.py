"""Transitions T3 to T7, T15 and T17 of the protocol on a report, over the wire."""

import asyncio
from datetime import datetime, timedelta

import pytest

from storage.database import Database
from storage.records.plans import Slot
from storage.records.work import Report
from storage.reports import (
    begin_message,
    begin_report_replay,
    end_report_replay,
    hurry_reports,
    keep_reports_queued,
    new_report,
    open_reports,
    pin_plan,
    requeue_report,
    start_report,
    unbegun_reports,
)
from storage.slots import may_queue, pull_tokens, swap_slots
from tests.builders import an_order
from tests.conftest import StoppedClock
from tests.storage.picking import pick

pytestmark = pytest.mark.anyio

ORDER = an_order()
REPORT = "cs_1:book"
NONE: dict[Slot, list[str]] = {"write": [], "render": []}


async def opened(db: Database, clock: StoppedClock, message: str) -> list[Report]:
    """Open the report under that message id; return what was there before."""
    return await open_reports(db, [new_report(ORDER, "book", message, clock.now())])


async def running(db: Database, clock: StoppedClock) -> Report:
    """Return a report whose plan is inserted."""
    assert await opened(db, clock, "m1") == []
    await pin_plan(db, REPORT, "book-1", clock.now())
    assert await start_report(db, REPORT, "book-1", NONE)
    return await present(db)


async def present(db: Database) -> Report:
    """Return the report, which must be there."""
    return await pick(db.reports, _id=REPORT)


async def test_a_report_is_opened_once(db: Database, clock: StoppedClock) -> None:
    """Of sixteen placings of one order, one opens the report; the others see it."""
    answers = await asyncio.gather(*(opened(db, clock, f"m{n}") for n in range(16)))
    assert answers.count([]) == 1
    assert (await present(db))["message"] == f"m{answers.index([])}"


async def test_a_plan_is_pinned_once(db: Database, clock: StoppedClock) -> None:
    """A report keeps the plan that it was begun with, whatever is deployed later."""
    await opened(db, clock, "m1")
    await pin_plan(db, REPORT, "book-1", clock.now())
    pinned = await pin_plan(db, REPORT, "book-2", clock.now())
    assert pinned is not None
    assert pinned["plan"] == "book-1"


async def test_a_report_that_runs_gets_no_plan(db: Database, clock: StoppedClock) -> None:
    """Whoever would begin a report that was begun long ago learns that there is nothing to begin."""
    await running(db, clock)
    assert await pin_plan(db, REPORT, "book-2", clock.now()) is None


async def take(db: Database, seen: Report, *tokens: str, slot: Slot = "write") -> bool:
    """Have these tokens hold a report's slots, beside those that were seen to."""
    return await swap_slots(db, seen, {slot: [*seen["slots"][slot], *tokens]}, {}, queueing=True)


async def test_of_many_who_saw_the_same_slots_one_changes_them(db: Database, clock: StoppedClock) -> None:
    """Whoever counts on slots that have changed since gets none, so that no bound is ever exceeded."""
    await running(db, clock)
    seen = await present(db)
    assert sum(await asyncio.gather(*(take(db, seen, f"s{n}@1") for n in range(16)))) == 1
    held = await present(db)
    assert len(held["slots"]["write"]) == 1
    assert not await take(db, seen, "late@1")
    assert await take(db, held, "next@1")


async def test_the_two_kinds_of_slot_are_counted_apart(db: Database, clock: StoppedClock) -> None:
    """What happens in one slot set is no hindrance in the other."""
    await running(db, clock)
    seen = await present(db)
    assert await take(db, seen, "a@1")
    assert await take(db, seen, "a@1", slot="render")
    assert (await present(db))["slots"] == {"write": ["a@1"], "render": ["a@1"]}


async def test_slots_pass_from_one_to_another_in_one_go(db: Database, clock: StoppedClock) -> None:
    """What is given back and what is taken change together."""
    await running(db, clock)
    await take(db, await present(db), "a@1", "b@1")
    assert await swap_slots(db, await present(db), {"write": ["b@1", "c@1"], "render": []}, {}, queueing=True)
    assert (await present(db))["slots"]["write"] == ["b@1", "c@1"]


async def test_a_report_is_started_once_with_its_first_slots(db: Database, clock: StoppedClock) -> None:
    """Of two who inserted the plan, one starts the report; the other learns so, and changes nothing."""
    await opened(db, clock, "m1")
    await pin_plan(db, REPORT, "book-1", clock.now())
    first: dict[Slot, list[str]] = {"write": ["a@1", "b@1"], "render": []}
    other: dict[Slot, list[str]] = {"write": [], "render": ["c@1"]}
    assert await start_report(db, REPORT, "book-1", first)
    assert not await start_report(db, REPORT, "book-1", other)
    assert (await present(db))["slots"] == first
    assert not await start_report(db, "cs_gone:book", "book-1", first)


async def test_a_slot_is_free_again_after_the_pause(db: Database, clock: StoppedClock) -> None:
    """The pace's pause runs from the moment when a slot comes back."""
    await running(db, clock)
    await take(db, await present(db), "a@1")
    pause: dict[Slot, datetime] = {"write": clock.now() + timedelta(seconds=2)}
    assert await swap_slots(db, await present(db), {"write": []}, pause, queueing=False)
    assert not may_queue(await present(db), "write", clock.now())
    assert may_queue(await present(db), "render", clock.now())
    clock.forward(2)
    assert may_queue(await present(db), "write", clock.now())


async def test_nothing_is_queued_before_the_plan_is_whole(db: Database, clock: StoppedClock) -> None:
    """A report whose steps are not all inserted queues none of them."""
    await opened(db, clock, "m1")
    await pin_plan(db, REPORT, "book-1", clock.now())
    assert not may_queue(await present(db), "write", clock.now())
    assert not await take(db, await present(db), "a@1")


async def test_nothing_is_queued_during_a_replay(db: Database, clock: StoppedClock) -> None:
    """While steps are being reset slots come back, and none is taken, though it was seen free before."""
    await running(db, clock)
    await take(db, await present(db), "a@1")
    before = await present(db)
    await begin_report_replay(db, REPORT, 2)
    assert not await take(db, before, "a@2")
    assert not may_queue(await present(db), "write", clock.now())
    assert await swap_slots(db, before, {"write": []}, {}, queueing=False)
    await end_report_replay(db, REPORT, 2)
    assert may_queue(await present(db), "write", clock.now())
    assert await take(db, await present(db), "a@2")


async def test_a_leftover_slot_is_taken_back_exactly(db: Database, clock: StoppedClock) -> None:
    """Healing pulls the token it names and no other."""
    await running(db, clock)
    await take(db, await present(db), "a@1", "b@1")
    await pull_tokens(db, REPORT, "write", ["a@1", "gone@1"])
    assert (await present(db))["slots"]["write"] == ["b@1"]


async def test_one_of_two_sweeps_begins_a_report_again(db: Database, clock: StoppedClock) -> None:
    """The message that begins a report is sent again by one of those who miss it."""
    await opened(db, clock, "m1")
    seen = await present(db)
    assert [await requeue_report(db, seen, m, clock.now()) for m in ("m2", "m3")] == [True, False]


async def test_a_lost_message_is_missed_behind_any_number_of_others(db: Database, clock: StoppedClock) -> None:
    """Reports whose messages wait do not hide one whose message is gone: the longest overdue comes first."""
    for number in range(3):
        waiting = new_report(an_order(f"cs_{number}"), "book", f"m{number}", clock.now())
        await open_reports(db, [waiting])
        clock.forward(1)
    clock.forward(10)
    first, second, lost = await unbegun_reports(db, clock.now(), 9)
    await keep_reports_queued(db, [first, second], clock.now())
    clock.forward(30)
    assert [one["_id"] for one in await unbegun_reports(db, clock.now(), 1)] == [lost["_id"]]


async def test_a_report_is_found_by_the_message_that_was_lost(db: Database, clock: StoppedClock) -> None:
    """What a dead worker had taken is looked at at once; a message that was sent since is left alone."""
    lost, later = begin_message(REPORT), begin_message("cs_1:other")
    for product, message in (("book", lost), ("other", begin_message("cs_1:other"))):
        await open_reports(db, [new_report(ORDER, product, message, clock.now())])
    await hurry_reports(db, [lost, later, "of-a-step:cs_1:book:write-1"], clock.now())
    assert [report["_id"] for report in await unbegun_reports(db, clock.now(), 10)] == [REPORT]
