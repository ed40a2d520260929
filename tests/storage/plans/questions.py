"""Every question that a part of Pressroom asks of MongoDB, once with an answer as the history has it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from storage.audit import Authority, record_action
from storage.costs import costs_by, costs_by_outcome, costs_of, mean_usages, section_costs
from storage.database import Database
from storage.deliveries import (
    claim_delivery,
    deliveries_about,
    deliveries_of,
    find_delivery,
    hasten_delivery,
    latest_deliveries,
    mark_sent,
    postpone_delivery,
    refuse_delivery,
    retake_delivery,
    revive_deliveries,
    start_sending,
)
from storage.events import (
    adopt_events,
    count_try,
    delay_events,
    drop_event,
    drop_events,
    events_about,
    find_event,
    has_event,
    latest_events,
    new_event,
    record_events,
    renew_event,
    settle_events,
    states_of_events,
    unapplied_events,
)
from storage.figures import (
    line_of_events,
    newest_bodies,
    reasons_of_ignored,
    untaken_mails,
)
from storage.forms import drop_forms, find_form, find_forms, keep_form, may_ask, note_session
from storage.installation import first_start, started_at
from storage.ledger import answers_of, drop_texts, entries_of, has_bought, open_entry, settle_entry, withdraw_entry
from storage.payments import find_payments, note_dispute, note_failed_refund, note_refunded
from storage.plans import find_plan, keep_plan
from storage.tallies import add_refused, refused_since
from storage.tenants import first_waiting, leave_places, places_taken, take_place, tenants_waiting
from storage.workers import (
    beat,
    has_sweep,
    live_workers,
    note_ending,
    note_sweep,
    prove_writable,
    remove_silent_worker,
    remove_worker,
)
from tests.builders import NOW
from tests.storage.picking import pick
from tests.storage.plans.questions_of_desk import ask_of_desk
from tests.storage.plans.questions_of_orders import ask_of_orders
from tests.storage.plans.questions_of_troubles import ask_of_troubles
from tests.storage.plans.questions_of_work import ask_of_work
from tests.storage.plans.shop import PRODUCT, TENANT

Ask = Callable[..., Awaitable[Any]]

_SOON = NOW + timedelta(seconds=30)


async def ask_everything(db: Database, ask: Ask) -> None:
    """Ask all of it, as processes do."""
    for questions in (
        _events,
        _letters,
        _costs,
        _the_rest,
        ask_of_troubles,
        ask_of_orders,
        ask_of_work,
        ask_of_desk,
    ):
        await questions(db, ask)


async def _events(db: Database, ask: Ask) -> None:
    again = await pick(db.events, state="applied")
    await ask(record_events, [new_event("evt_new", "x", b"{}", NOW, ["cs_new"]), again])
    ignored = await pick(db.events, state="ignored")
    await ask(settle_events, [ignored["_id"]], "ignored", "Perhaps.", again_at=NOW)
    left = await ask(unapplied_events, NOW, 100)
    ids = [event["_id"] for event in left]
    await ask(delay_events, ids, _SOON)
    await ask(count_try, ids[0])
    await ask(settle_events, ids[:2], "failed")
    await ask(renew_event, ids[0], NOW)
    await ask(settle_events, ids, "applied")
    await ask(adopt_events, ["pi_7"], "Nothing in it is ours.")
    await ask(find_event, ids[0])
    await ask(has_event, "cs_unheard_of")
    await ask(events_about, ["cs_unheard_of"])
    await ask(drop_event, "evt_unheard_of")
    await ask(states_of_events, ids)
    await ask(latest_events, "ignored", 50)
    for state in ("new", "failed"):
        await ask(line_of_events, state, NOW)
    assert await ask(reasons_of_ignored, NOW - timedelta(days=1, hours=1))
    assert await ask(newest_bodies, "applied", 20)
    await ask(drop_events, NOW - timedelta(days=89), 1000)


async def _letters(db: Database, ask: Ask) -> None:
    order = (await pick(db.orders, delivered_at={"$ne": None}))["_id"]
    delivery = await ask(claim_delivery, order, "resend-1", "<m>", NOW)
    assert delivery is not None
    await ask(start_sending, delivery, _SOON)
    await ask(postpone_delivery, delivery, NOW, "Later.")
    await ask(hasten_delivery, delivery, NOW)
    again = await ask(retake_delivery, order, "resend-1", NOW, _SOON)
    assert again is not None
    await ask(start_sending, again, _SOON)
    await ask(refuse_delivery, again, "No.")
    await ask(revive_deliveries, order, NOW)
    await ask(mark_sent, again["_id"], "250 OK", NOW)
    await ask(find_delivery, order, "completion")
    assert len(await ask(deliveries_of, order)) == 3
    await ask(deliveries_about, [order, "cs_new"])
    await ask(untaken_mails)
    assert len(await ask(latest_deliveries, ["sent"], 10)) == 10
    await ask(latest_deliveries, ["sent", "waiting", "refused"], 10)


async def _costs(db: Database, ask: Ask) -> None:
    entry = await pick(db.ledger)
    step = await pick(db.steps, _id=entry["step"])
    opened = await ask(open_entry, step, 9, NOW)
    await ask(settle_entry, opened, {"outcome": "written"}, NOW)
    await ask(withdraw_entry, opened)
    await ask(answers_of, step)
    await ask(drop_texts, entry["report"], 1)
    await ask(entries_of, [entry["order"], "cs_new"])
    await ask(has_bought, entry["order"])
    await ask(costs_of, entry["order"])
    await ask(section_costs, entry["order"])
    for by in ("order", "product", "tenant", "day", "model"):
        await ask(costs_by, by, NOW - timedelta(days=2, hours=1), NOW, 100)
    await ask(mean_usages, NOW - timedelta(days=2, hours=1), 2000)
    assert await ask(costs_by_outcome, NOW - timedelta(days=2, hours=1), 20_000)


async def _the_rest(db: Database, ask: Ask) -> None:
    await ask(keep_form, "form-new", PRODUCT, {}, NOW)
    await ask(find_forms, ["form-1", "form-2"])
    await ask(find_form, "form-1")
    await ask(note_session, "form-1", "cs_1")
    await ask(may_ask, "form-1", NOW)
    await ask(drop_forms, NOW - timedelta(days=89), 2000)
    await ask(record_action, Authority("Olga", "r"), "retried", "cs_1", "s", NOW)
    await ask(note_refunded, "pi_1", charged=1900, refunded=100, at=1)
    await ask(note_failed_refund, "pi_1", "re_1", amount=100, at=2)
    await ask(note_dispute, "pi_1", "dp_1", 1)
    await ask(find_payments, ["pi_1", "pi_2"])
    await ask(keep_plan, {"_id": f"{PRODUCT}-1"})
    await ask(find_plan, f"{PRODUCT}-1")
    await ask(take_place, TENANT, "cs_1:book", 2)
    await ask(take_place, TENANT, "cs_2:book", 2)
    await ask(leave_places, TENANT, ["cs_1:book"])
    await ask(places_taken)
    await ask(tenants_waiting)
    await ask(first_waiting, TENANT, 2)
    await ask(beat, "w9", {"queue": PRODUCT}, NOW)
    await ask(note_ending, "w9")
    await ask(prove_writable)
    await ask(first_start, NOW)
    assert await ask(started_at)
    *_, latest = await ask(live_workers)
    await ask(remove_silent_worker, latest)
    await ask(remove_worker, "w9")
    await ask(note_sweep)
    await ask(add_refused, 2, NOW)
    assert await ask(refused_since, NOW) == 2
    assert await ask(has_sweep, 30.0)
