"""Every question about what went wrong, and about its remedies: dead letters, bulk work, alerts."""

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
from storage.figures import (
    alerts_of_kinds,
    open_dead_letters,
    told_alerts,
)
from tests.builders import NOW
from tests.storage.picking import pick
from tests.storage.plans.shop import PRODUCT, TENANT

Ask = Callable[..., Awaitable[Any]]

_BATCH = 500
_SOON = NOW + timedelta(seconds=30)


async def ask_of_troubles(db: Database, ask: Ask) -> None:
    """Ask all of it, as the sweep and operators do."""
    for questions in (_bulk, _troubles, _alerts):
        await questions(db, ask)


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
