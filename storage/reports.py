"""Reports: one document an order and product, with its plan, its run and its state."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo import ReturnDocument

from storage.database import Database, Document, insert_new, one_more, updated
from storage.grouping import grouped, ids_of
from storage.records.orders import Order
from storage.records.plans import Slot
from storage.records.work import Pdf, Report, Step

#: How long a sent message is trusted before the sweep asks the broker for it.
CHECK_AFTER = timedelta(seconds=5)


def report_id(order_id: str, product: str) -> str:
    """Return the id of an order's report of one product."""
    return f"{order_id}:{product}"


def begin_message(report: str) -> str:
    """Return a new id for the message that begins a report. It ends with the report's own."""
    return f"{uuid.uuid4()}:{report}"


def new_report(order: Order, product: str, message: str, now: datetime, *, waits: bool = False) -> Report:
    """Return a report as it is opened: queued under that message id, or waiting for one of its tenant's places."""
    return {
        "_id": report_id(order["_id"], product),
        "order": order["_id"],
        "product": product,
        "tenant": order["tenant"],
        "state": "waiting" if waits else "queued",
        "run": 1,
        "message": message,
        "check_at": now + CHECK_AFTER,
        "sends": 1,
        "queued_at": now,
        "plan": None,
        "planned": False,
        "slots": {"write": [], "render": []},
        "gap_until": {},
        "replay": None,
        # As the order has it: an older fact that comes later must not stop a report that a newer one let go on.
        "stopped": order["stopped"],
        "payment_version": order["payment_version"],
        "pdf": None,
    }


async def open_reports(db: Database, reports: Sequence[Report]) -> list[Report]:
    """Insert reports. Reports that are there already stay as they are, and are returned (T3)."""
    taken = await insert_new(db.reports, reports)
    return await db.reports.find({"_id": {"$in": taken}}).to_list() if taken else []


async def stop_reports(db: Database, reports: Sequence[str], version: int, *, stopped: bool) -> None:
    """Stop the queueing of reports' steps, or allow it again. The word of a later version stays (T2r)."""
    older = {"_id": {"$in": list(reports)}, "payment_version": {"$lt": version}}
    await db.reports.update_many(older, {"$set": {"stopped": stopped, "payment_version": version}})


async def park_report(db: Database, report: str, until: datetime) -> None:
    """Leave a queued report of a stopped order where it is, if it is put off until then. It is sent no more."""
    still = {"_id": report, "state": "queued", "check_at": until}
    await db.reports.update_one(still, {"$unset": {"check_at": ""}})


async def unpark_reports(db: Database, reports: Sequence[str], now: datetime) -> None:
    """Let the sweep look at once at those reports that are queued: parked, or about to be, or neither."""
    queued = {"_id": {"$in": list(reports)}, "state": "queued"}
    await db.reports.update_many(queued, {"$set": {"check_at": now}})


async def find_report(db: Database, report: str) -> Report | None:
    """Return the report, or None."""
    return await db.reports.find_one({"_id": report})


def report_ids(order: Order) -> list[str]:
    """Return the ids of an order's reports, opened or not."""
    return [report_id(order["_id"], product) for product in order["products"]]


async def reports_of(db: Database, orders: Sequence[Order]) -> list[Report]:
    """Return the reports of some orders."""
    return await find_reports(db, [report for order in orders for report in report_ids(order)])


async def find_reports(db: Database, reports: Sequence[str]) -> list[Report]:
    """Return the reports of those ids."""
    return await db.reports.find({"_id": {"$in": list(reports)}}).to_list()


async def newest_stored(db: Database, products: Sequence[str], limit: int) -> list[Report]:
    """Return the stored reports of those products, the latest first."""
    stored = {"product": {"$in": list(products)}, "stored_at": {"$exists": True}, "state": "stored"}
    return await db.reports.find(stored).sort("stored_at", -1).limit(limit).to_list()


async def pin_plan(db: Database, report: str, plan: str, now: datetime) -> Report | None:
    """Give this plan to a queued report that has none. Returns the report as it then is, if it is queued (T5)."""
    planless = {"_id": report, "state": "queued", "plan": None}
    pinned = {"$set": {"plan": plan, "began_at": now}}
    found = await db.reports.find_one_and_update(planless, pinned, return_document=ReturnDocument.AFTER)
    return found or await db.reports.find_one({"_id": report, "state": "queued"})


async def start_report(db: Database, report: str, plan: str, slots: dict[Slot, list[str]]) -> bool:
    """Start a report whose steps are inserted. Those that hold a slot may be queued from then on (T5, T7).

    False if it runs already, is stopped, or has come further.
    """
    planned = {"_id": report, "state": "queued", "planned": False, "plan": plan, "stopped": False}
    running = {"planned": True, "state": "running", "slots": slots}
    return await updated(db.fleeting_reports, planned, {"$set": running, "$unset": {"check_at": ""}})


async def requeue_report(
    db: Database, report: Report, message: str, now: datetime, *, counted: bool = True
) -> bool:
    """Put a report under a new message to begin it. True means that the caller must send the message (T9).

    With `counted`, the send is among those after which no worker is expected to begin the report.
    """
    backoff = CHECK_AFTER * min(2 ** min(report["sends"], 10), 12)
    seen = {"_id": report["_id"], "state": "queued", "message": report["message"]}
    update: Document = {"$set": {"message": message, "check_at": now + backoff, "queued_at": now}}
    update["$inc"] = {"sends": int(counted)}
    return await updated(db.reports, seen, update)


async def hurry_reports(db: Database, messages: Sequence[str], now: datetime) -> None:
    """Let the sweep look at once at queued reports whose messages were lost with the worker that took them."""
    named = {"_id": {"$in": [message.partition(":")[2] for message in messages]}}
    lost = {**named, "state": "queued", "message": {"$in": list(messages)}}
    await db.reports.update_many(lost, {"$set": {"check_at": now}})


async def keep_reports_queued(db: Database, reports: Sequence[Report], now: datetime) -> None:
    """Leave queued reports alone for a while longer, since the broker holds their messages."""
    for patience, alike in grouped(reports, lambda report: patience_with(report, now)).items():
        still = {"_id": {"$in": ids_of(alike)}, "state": "queued"}
        await db.reports.update_many(still, {"$set": {"check_at": now + patience}})


def patience_with(queued: Report | Step, now: datetime) -> timedelta:
    """Return how long a message in the broker is left alone: as long again as it has waited, from 5 s to 30 s."""
    waited: timedelta = now - queued["queued_at"]
    return CHECK_AFTER * min(max(waited // CHECK_AFTER, 1), 6)


async def unbegun_reports(db: Database, now: datetime, limit: int) -> list[Report]:
    """Return reports whose first message should have been taken by now, the longest overdue first."""
    overdue = {"state": "queued", "check_at": {"$lte": now}}
    return await db.reports.find(overdue).sort("check_at").limit(limit).to_list()


async def store_report(db: Database, report: str, run: int, pdf: Pdf, now: datetime) -> bool:
    """Record the place of the finished PDF (T16). False if the report is in a later run."""
    stored = {"$set": {"state": "stored", "stored_at": now, "pdf": pdf}}
    return await updated(db.reports, {"_id": report, "run": run}, stored)


async def note_download(db: Database, report: str, now: datetime) -> None:
    """Count a download, with the times of the first and last. A customer in a dispute may have read the report."""
    await db.reports.update_one({"_id": report}, one_more("downloads", now))


async def making_times(db: Database, product: str, since: datetime, limit: int) -> list[timedelta]:
    """Return the times from plan to PDF of a product's latest reports, of those stored since then."""
    stored = {"product": product, "stored_at": {"$gte": since}}
    found = db.reports.find(stored, {"began_at": 1, "stored_at": 1}).sort("stored_at", -1).limit(limit)
    # Those that an older version made do not say when they were begun.
    return [report["stored_at"] - report["began_at"] async for report in found if "began_at" in report]


async def begin_report_replay(db: Database, report: str, run: int, plan: str | None = None) -> None:
    """Stop the queueing of the report's steps while they are reset, under another plan if there is one (T17)."""
    older = {"_id": report, "run": {"$lt": run}}
    # Planned, too: an election may have taken the report's start back, and nobody else starts it now.
    begun = {"replay": run, "run": run, "state": "running", "planned": True, **({"plan": plan} if plan else {})}
    await db.reports.update_one(older, {"$set": begun})


async def end_report_replay(db: Database, report: str, run: int) -> None:
    """Let the steps of the new run be queued (T17)."""
    await db.reports.update_one({"_id": report, "replay": run}, {"$set": {"replay": None}})


async def kill_report(db: Database, report: str) -> None:
    """Give up a report that cannot be begun, until an operator replays it."""
    await db.reports.update_one({"_id": report, "state": "queued"}, {"$set": {"state": "dead"}})


async def revive_report(db: Database, report: str, message: str, now: datetime) -> Report | None:
    """Queue a dead report again under that message id. Returns it, and the caller must send the message."""
    queued = {"state": "queued", "message": message, "check_at": now + CHECK_AFTER, "queued_at": now, "sends": 1}
    dead = {"_id": report, "state": "dead"}
    return await db.reports.find_one_and_update(dead, {"$set": queued}, return_document=ReturnDocument.AFTER)
