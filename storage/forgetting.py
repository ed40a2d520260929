"""Removing what is known of a person: what is left of an order is its sums, dates and costs."""

from datetime import datetime, timedelta

from storage.database import Database, Document, translating
from storage.reports import report_ids

#: A session's first event may be as much older than its order: Stripe tries for three days.
_EARLIER = timedelta(days=4)
_SEEN_TO = ["applied", "ignored", "failed"]


@translating
async def is_being_made(db: Database, order: Document) -> bool:
    """Return whether somebody works on an order's reports, or will."""
    ids = {"$in": report_ids(order)}
    states = ["claimed"] if order["stopped"] else ["ready", "queued", "claimed"]
    unbegun = {"_id": ids, "state": {"$in": [] if order["stopped"] else ["waiting", "queued"]}}
    working = {"report": ids, "state": {"$in": states}}
    found = [await db.steps.count_documents(working, limit=1), await db.reports.count_documents(unbegun, limit=1)]
    return any(found)


@translating
async def has_news(db: Database, order: Document) -> bool:
    """Return whether an event about an order was recorded and not seen to yet."""
    return await db.events.count_documents(_events_of(order, ["new"]), limit=1) > 0


@translating
async def forget_customer(db: Database, order: Document, token: str, now: datetime) -> None:
    """Take name, address and answers off an order; its link is no more, nor what was still to be sent."""
    known = {"_id": order["_id"], "forgotten_at": {"$exists": False}}
    nothing: Document = {"answers": {}, "email": None, "missing": [], "attention": None, "failed_at": None}
    due_at = order["errands"].get("forget_order", now)
    errands = {"errands": {"forget_order": due_at}, "errands_at": due_at}
    await db.orders.update_one(known, {"$set": {**nothing, **errands, "token": token, "forgotten_at": now}})
    await db.answers.delete_one({"_id": order["reference"]})
    await db.alerts.delete_many({"order": order["_id"]})


@translating
async def forget_words(db: Database, order: Document) -> None:
    """Remove what was written for an order, and what servers said about it; costs, hashes and dates stay."""
    of_order, of_reports = {"order": order["_id"]}, {"report": {"$in": report_ids(order)}}
    words = {"error": "", "traceback": "", "result": "", "failing_since": "", "failed_at": ""}
    await db.steps.update_many(of_reports, {"$unset": words})
    await db.reports.update_many(of_order, {"$set": {"pdf": None}})
    await db.ledger.update_many(of_order, {"$unset": {"error": ""}})
    await db.deliveries.update_many(of_order, {"$unset": {"error": "", "accepted": ""}})
    await _forget_events(db, order)


async def _forget_events(db: Database, order: Document) -> None:
    events = _events_of(order, _SEEN_TO)
    ids = [f"event:{event['_id']}" async for event in db.events.find(events, {"_id": 1})]
    gone = {"$set": {"error": "", "traceback": "", "raw": b"", "state": "discarded"}}
    await db.dead_letters.update_many({"_id": {"$in": ids}}, gone)
    await db.dead_letters.update_many({"order": order["_id"]}, gone)
    # Not removed: one that comes again is known by its id, and is not taken for news.
    await db.events.update_many(events, {"$set": {"raw": b"", "state": "ignored", "reason": None}})


def _events_of(order: Document, states: list[str]) -> Document:
    named = {"about": {"$in": [one for one in (order["_id"], order["payment_intent"]) if one]}}
    since = order["placed_at"] - _EARLIER  # by this and the state they are found without reading all of them
    return {"state": {"$in": states}, "received_at": {"$gte": since}, **named}
