"""Every question that a part of Pressroom asks of MongoDB, once with an answer as the history has it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from infra.errors import AccountTrouble
from storage.alerts import (
    admit_alerts,
    alerts_about,
    claim_alert,
    close_alert,
    count_admitted,
    due_alerts,
    end_account_trouble,
    end_unmet_account_troubles,
    gather_alerts,
    keep_account_trouble,
    note_told,
    put_off_alert,
    raise_alert,
    tell_account_trouble,
    waits_for_account,
    withdraw_alert,
)
from storage.answers import drop_forms, find_form, find_forms, keep_answers, may_ask, note_session
from storage.audit import Authority, record_action
from storage.bulk import (
    begin_bulk,
    failures_of,
    find_bulk,
    hold_bulk,
    keep_bulk,
    latest_bulks,
    leave_bulk,
    letters_left,
    next_chunk,
    progress_of,
    requote_bulk,
    running_bulks,
    settle_letter,
    turn_bulk,
)
from storage.costs import costs_by, costs_by_outcome, costs_of, mean_usages, section_costs
from storage.database import Database
from storage.dead_groups import dead_groups, letters_of_groups, newest_of_group, orders_of_tenant, sums_paid
from storage.dead_letters import (
    close_dead_letter,
    dead_letters,
    find_dead_letter,
    letters_by_ids,
    open_letters_of,
    record_dead_errand,
    record_dead_event,
    record_dead_message,
    record_dead_report,
    record_dead_step,
)
from storage.deliveries import (
    claim_delivery,
    deliveries_about,
    deliveries_of,
    find_delivery,
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
    alerts_of_kinds,
    line_of_events,
    newest_bodies,
    open_dead_letters,
    reasons_of_ignored,
    told_alerts,
    untaken_mails,
)
from storage.installation import first_start, started_at
from storage.ledger import answers_of, drop_texts, entries_of, has_bought, open_entry, settle_entry, withdraw_entry
from storage.payments import find_payments, note_dispute, note_failed_refund, note_refunded
from storage.plans import find_plan, keep_plan
from storage.tallies import add_refused, refused_since
from storage.tenants import first_waiting, leave_places, places_taken, take_place, tenants_waiting
from storage.workers import beat, has_sweep, live_workers, note_ending, note_sweep, prove_writable, remove_worker
from tests.builders import NOW
from tests.storage.picking import pick
from tests.storage.plans.questions_of_desk import ask_of_desk
from tests.storage.plans.questions_of_orders import ask_of_orders
from tests.storage.plans.questions_of_work import ask_of_work
from tests.storage.plans.shop import PRODUCT, TENANT

Ask = Callable[..., Awaitable[Any]]

_BATCH = 500
_SOON = NOW + timedelta(seconds=30)


async def ask_everything(db: Database, ask: Ask) -> None:
    """Ask all of it, as processes do."""
    for questions in (
        _events,
        _letters,
        _bulk,
        _troubles,
        _alerts,
        _costs,
        _the_rest,
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


async def _troubles(db: Database, ask: Ask) -> None:
    step = await pick(db.steps, state="dead")
    order = step["order"]
    await ask(record_dead_step, step, "It broke.")
    await ask(record_dead_report, step["report"], "It broke.", "No.", "", NOW)
    await ask(record_dead_errand, order, "refund_order", "It broke.", "No.", "", NOW, fails=True)
    await ask(record_dead_event, "evt_7_0", "No.", "", NOW)
    await ask(record_dead_message, queue=PRODUCT, message_id="m", data=b"", error="No.", traceback="", now=NOW)
    for filters in (
        {},
        {"state": "open"},
        {"order": order, "state": "open"},
        {"order": order, "errand": "refund_order"},
    ):
        assert await ask(dead_letters, limit=10, **filters)
    assert await ask(open_letters_of, (await pick(db.dead_letters, state="open"))["order"], limit=10)
    assert await ask(open_dead_letters)
    letter = (await pick(db.dead_letters, state="open"))["_id"]
    await ask(find_dead_letter, letter)
    await ask(letters_by_ids, [letter, "none"])
    await ask(close_dead_letter, letter, "replayed", NOW)


async def _bulk(db: Database, ask: Ask) -> None:
    letter = await pick(db.dead_letters, state="open", group="g")
    groups = await ask(dead_groups, 10)
    assert {group.group for group in groups} >= {"g"}
    for groups_named in (None, ["g", "h"]):
        assert await ask(letters_of_groups, groups_named, NOW - timedelta(days=100), NOW, 100)
    assert await ask(newest_of_group, "g", 10)
    await ask(sums_paid, [letter["order"]])
    await ask(orders_of_tenant, [letter["order"]], TENANT)
    for number in range(30):
        bulk = f"b{number}"
        chunks = [{"_id": f"{bulk}:{nth}", "left": ["a", "b"], "done": 0, "failed": []} for nth in range(3)]
        facts = {"state": "done", "began_at": NOW, "made_at": NOW + timedelta(seconds=number)}
        await ask(keep_bulk, {"_id": bulk, **facts}, chunks)
    await db.bulks.update_many({"_id": {"$in": ["b1", "b2"]}}, {"$set": {"state": "quoted"}})
    await ask(requote_bulk, "b1", {})
    assert await ask(begin_bulk, "b1", "Olga", "r", NOW)
    assert await ask(turn_bulk, "b2", ["quoted"], "cancelled")
    assert await ask(running_bulks, 10)
    assert await ask(hold_bulk, "b1", "h", NOW, _SOON)
    assert await ask(next_chunk, "b1")
    await ask(settle_letter, "b1:0", "a", None)
    await ask(settle_letter, "b1:0", "b", "No.")
    assert await ask(letters_left, "b1") == ["a", "b"] * 2
    assert await ask(failures_of, "b1") == [{"letter": "b", "why": "No."}]
    assert await ask(progress_of, "b1") == (4, 1, 1)
    await ask(leave_bulk, "b1", "h", NOW)
    await ask(find_bulk, "b1")
    await ask(latest_bulks, 10)


async def _alerts(db: Database, ask: Ask) -> None:
    order = (await pick(db.orders, attention={"$ne": None}))["_id"]
    for text in ("One.", "Two."):
        await ask(raise_alert, "k", text, NOW - timedelta(minutes=1), order=order)
    assert await ask(alerts_about, [order, "cs_new"])
    await ask(withdraw_alert, order, "One.")
    for work in ("one", "two", "one"):
        await ask(tell_account_trouble, AccountTrouble("No.", server="s3"), work, NOW)
    await ask(keep_account_trouble, "two", NOW)
    assert await ask(waits_for_account, "one")
    assert await ask(alerts_of_kinds, ["account", "redis"], 100)
    assert await ask(told_alerts)
    await ask(end_account_trouble, "two")
    await ask(tell_account_trouble, AccountTrouble("No.", server="s3"), "one", NOW)
    await ask(end_unmet_account_troubles, NOW + timedelta(hours=1))
    due = await ask(due_alerts, NOW, _BATCH)
    await ask(admit_alerts, due[:2], NOW)
    await ask(count_admitted, NOW - timedelta(minutes=1))
    await ask(gather_alerts, due[2:4], "Many.", NOW)
    alert = await ask(claim_alert, due[0]["_id"], NOW, _SOON)
    await ask(note_told, alert, "mail")
    await ask(put_off_alert, alert, _SOON)
    await ask(close_alert, alert, NOW)


async def _costs(db: Database, ask: Ask) -> None:
    entry = await pick(db.ledger)
    step = await pick(db.steps, _id=entry["step"])
    opened = await ask(open_entry, step, 9, NOW)
    await ask(settle_entry, opened, {"outcome": "written"}, NOW)
    await ask(withdraw_entry, opened)
    await ask(answers_of, step)
    await ask(drop_texts, entry["report"])
    await ask(entries_of, [entry["order"], "cs_new"])
    await ask(has_bought, entry["order"])
    await ask(costs_of, entry["order"])
    await ask(section_costs, entry["order"])
    for by in ("order", "product", "tenant", "day", "model"):
        await ask(costs_by, by, NOW - timedelta(days=2, hours=1), NOW, 100)
    await ask(mean_usages, NOW - timedelta(days=2, hours=1), 2000)
    assert await ask(costs_by_outcome, NOW - timedelta(days=2, hours=1), 20_000)


async def _the_rest(db: Database, ask: Ask) -> None:
    await ask(keep_answers, "form-new", PRODUCT, {}, NOW)
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
    await ask(live_workers)
    await ask(remove_worker, "w9")
    await ask(note_sweep)
    await ask(add_refused, 2, NOW)
    assert await ask(refused_since, NOW) == 2
    assert await ask(has_sweep, 30.0)
