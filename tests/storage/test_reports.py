"""Transitions T3 to T7, T15 and T17 of the protocol on a report, over the wire."""

import asyncio
from datetime import timedelta

import pytest

from storage.database import Database, Document
from storage.reports import (
    begin_report_replay,
    end_report_replay,
    find_report,
    new_report,
    open_reports,
    pin_plan,
    requeue_report,
    start_report,
)
from storage.slots import Slot, free_slot, hand_over_slot, pull_tokens, reserve_slots
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

ORDER = {"_id": "cs_1", "tenant": "main", "stopped": False, "payment_version": 0}
REPORT = "cs_1:book"
NONE: dict[Slot, list[str]] = {"write": [], "render": []}


async def opened(db: Database, clock: StoppedClock, message: str) -> list[Document]:
    """Open the report under that message id; return what was there before."""
    return await open_reports(db, [new_report(ORDER, "book", message, clock.now())])


async def running(db: Database, clock: StoppedClock) -> Document:
    """Return a report whose plan is inserted."""
    assert await opened(db, clock, "m1") == []
    await pin_plan(db, await present(db), "book-1", clock.now())
    assert await start_report(db, REPORT, "book-1", NONE)
    return await present(db)


async def present(db: Database) -> Document:
    """Return the report, which must be there."""
    found = await find_report(db, REPORT)
    assert found is not None
    return found


async def test_a_report_is_opened_once(db: Database, clock: StoppedClock) -> None:
    """Of sixteen placings of one order, one opens the report; the others see it."""
    answers = await asyncio.gather(*(opened(db, clock, f"m{n}") for n in range(16)))
    assert answers.count([]) == 1
    assert (await present(db))["message"] == f"m{answers.index([])}"


async def test_a_plan_is_pinned_once(db: Database, clock: StoppedClock) -> None:
    """A report keeps the plan that it was begun with, whatever is deployed later."""
    await opened(db, clock, "m1")
    await pin_plan(db, await present(db), "book-1", clock.now())
    pinned = await pin_plan(db, await present(db), "book-2", clock.now())
    assert pinned is not None
    assert pinned["plan"] == "book-1"


async def test_slots_never_exceed_the_bound(db: Database, clock: StoppedClock) -> None:
    """Of sixteen steps that ask at once for three slots, three get one."""
    await running(db, clock)
    asked = (reserve_slots(db, REPORT, "write", [f"s{n}@1"], 3, clock.now()) for n in range(16))
    assert sum(await asyncio.gather(*asked)) == 3
    assert len((await present(db))["slots"]["write"]) == 3


async def test_a_step_holds_one_slot(db: Database, clock: StoppedClock) -> None:
    """Who has a slot gets no second one, and the two kinds of slot are counted apart."""
    await running(db, clock)
    assert await reserve_slots(db, REPORT, "write", ["s@1"], 3, clock.now())
    assert not await reserve_slots(db, REPORT, "write", ["s@1"], 3, clock.now())
    assert await reserve_slots(db, REPORT, "render", ["s@1"], 3, clock.now())


async def test_slots_are_taken_together_or_not_at_all(db: Database, clock: StoppedClock) -> None:
    """Who asks for more slots than are free gets none of them."""
    await running(db, clock)
    assert await reserve_slots(db, REPORT, "write", ["a@1", "b@1"], 3, clock.now())
    assert not await reserve_slots(db, REPORT, "write", ["c@1", "d@1"], 3, clock.now())
    assert not await reserve_slots(db, REPORT, "write", ["c@1", "b@1"], 9, clock.now())
    assert (await present(db))["slots"]["write"] == ["a@1", "b@1"]


async def test_a_slot_is_handed_over_once(db: Database, clock: StoppedClock) -> None:
    """A slot passes from one step to one other, however many ask, and the number of slots stays."""
    await running(db, clock)
    await reserve_slots(db, REPORT, "write", ["a@1", "b@1"], 2, clock.now())
    asked = (hand_over_slot(db, REPORT, "write", "a@1", f"c{n}@1", clock.now()) for n in range(8))
    assert sum(await asyncio.gather(*asked)) == 1
    assert len((await present(db))["slots"]["write"]) == 2
    assert not await hand_over_slot(db, REPORT, "write", "gone@1", "d@1", clock.now())
    after = (await present(db))["slots"]["write"]
    assert not await hand_over_slot(db, REPORT, "write", "b@1", after[0], clock.now())


async def test_a_report_is_started_once_with_its_first_slots(db: Database, clock: StoppedClock) -> None:
    """Of two who inserted the plan, one starts the report, and its first steps hold their slots from then on."""
    await opened(db, clock, "m1")
    await pin_plan(db, await present(db), "book-1", clock.now())
    first: dict[Slot, list[str]] = {"write": ["a@1", "b@1"], "render": []}
    started = await asyncio.gather(*(start_report(db, REPORT, "book-1", first) for _ in range(2)))
    assert sorted(started) == [False, True]
    assert (await present(db))["slots"] == first


async def test_a_slot_is_free_again_after_the_pause(db: Database, clock: StoppedClock) -> None:
    """The pace's pause runs from the moment when a slot comes back."""
    await running(db, clock)
    await reserve_slots(db, REPORT, "write", ["a@1"], 1, clock.now())
    await free_slot(db, REPORT, "write", "a@1", clock.now() + timedelta(seconds=2))
    assert not await reserve_slots(db, REPORT, "write", ["b@1"], 1, clock.now())
    clock.forward(2)
    assert await reserve_slots(db, REPORT, "write", ["b@1"], 1, clock.now())


async def test_nothing_is_reserved_before_the_plan_is_whole(db: Database, clock: StoppedClock) -> None:
    """A report whose steps are not all inserted queues none of them."""
    await opened(db, clock, "m1")
    await pin_plan(db, await present(db), "book-1", clock.now())
    assert not await reserve_slots(db, REPORT, "write", ["a@1"], 4, clock.now())


async def test_nothing_is_reserved_during_a_replay(db: Database, clock: StoppedClock) -> None:
    """While steps are being reset, none is queued; afterwards they are."""
    await running(db, clock)
    await begin_report_replay(db, REPORT, 2)
    assert not await reserve_slots(db, REPORT, "write", ["a@2"], 4, clock.now())
    await end_report_replay(db, REPORT, 2)
    assert await reserve_slots(db, REPORT, "write", ["a@2"], 4, clock.now())


async def test_a_leftover_slot_is_taken_back_exactly(db: Database, clock: StoppedClock) -> None:
    """Healing pulls the token it names and no other."""
    await running(db, clock)
    for token in ("a@1", "b@1"):
        await reserve_slots(db, REPORT, "write", [token], 4, clock.now())
    await pull_tokens(db, REPORT, "write", ["a@1", "gone@1"])
    assert (await present(db))["slots"]["write"] == ["b@1"]


async def test_one_of_two_sweeps_begins_a_report_again(db: Database, clock: StoppedClock) -> None:
    """The message that begins a report is sent again by one of those who miss it."""
    await opened(db, clock, "m1")
    seen = await present(db)
    assert [await requeue_report(db, seen, m, clock.now()) for m in ("m2", "m3")] == [True, False]
