"""Retention by the settings: of customers, of events, and of forms that nobody paid for."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.sweep.orders import drop_old_events, drop_old_forms
from storage.events import new_event, record_events
from storage.forms import find_forms, keep_form
from storage.records.orders import EventState
from tests.actors.builders import ORDER, present, working
from tests.actors.post import Mailer, delivered
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

NAME = "Ada Zzyzx"


async def test_the_settings_forget_what_was_delivered(deps: Deps, clock: StoppedClock) -> None:
    """So many days after its delivery an order's customer is forgotten, and not before."""
    settings = msgspec.structs.replace(deps.settings, retain_reports_days=30)
    await delivered(replace(deps, settings=settings), Mailer())
    due_at = (await present(deps))["errands"]["forget_order"]
    assert due_at == clock.now() + timedelta(days=30)
    clock.moment = due_at
    await run_errand(working(deps), "forget_order", ORDER)
    assert (await present(deps))["email"] is None


async def test_events_are_kept_as_long_as_the_settings_say(deps: Deps, clock: StoppedClock) -> None:
    """Old ones that were seen to are removed; new ones, and those that wait for an operator, stay."""
    now, old = clock.now(), clock.now() - timedelta(days=91)
    events = [new_event(f"evt_{nth}", "x", b"{}", at) for nth, at in enumerate((now, old, old))]
    states: tuple[EventState, ...] = ("applied", "applied", "failed")
    for event, state in zip(events, states, strict=True):
        await record_events(deps.db, [{**event, "state": state}])
    await drop_old_events(deps)
    assert await deps.db.events.count_documents({}) == 3
    await drop_old_events(replace(deps, settings=msgspec.structs.replace(deps.settings, retain_events_days=90)))
    left = [event["_id"] for event in await deps.db.events.find().to_list()]
    assert sorted(left) == ["evt_0", "evt_2"]


async def test_forms_are_kept_as_long_as_a_payment_may_name_them(deps: Deps, clock: StoppedClock) -> None:
    """What somebody wrote who never paid is removed after a month, without a word of theirs or a setting."""
    await keep_form(deps.db, "old", "life_clarity", {"name": NAME}, clock.now())
    clock.forward(timedelta(days=30).total_seconds())
    await keep_form(deps.db, "new", "life_clarity", {"name": NAME}, clock.now())
    await drop_old_forms(deps)
    assert (await find_forms(deps.db, ["old", "new"])).keys() == {"old", "new"}
    clock.forward(timedelta(days=2).total_seconds())
    await drop_old_forms(deps)
    assert (await find_forms(deps.db, ["old", "new"])).keys() == {"new"}
