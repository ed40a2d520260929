"""Removal of a customer's personal data. An order keeps only its sums, dates and costs."""

from datetime import datetime

from storage.corrections import uncorrected_since
from storage.database import Database, Document, updated
from storage.errands import ERRAND_CHECK, errand_update
from storage.events import events_of
from storage.objects import pdf_key
from storage.records.orders import Order
from storage.reports import report_ids


async def is_being_made(db: Database, order: Order) -> bool:
    """Return whether work on an order's reports is under way or still to come."""
    ids = {"$in": report_ids(order)}
    states = ["claimed"] if order["stopped"] else ["ready", "queued", "claimed"]
    unbegun = {"_id": ids, "state": {"$in": [] if order["stopped"] else ["waiting", "queued"]}}
    working = {"report": ids, "state": {"$in": states}}
    found = [await db.steps.count_documents(working, limit=1), await db.reports.count_documents(unbegun, limit=1)]
    return any(found)


async def has_news(db: Database, order: Order) -> bool:
    """Return whether an event about an order was recorded and not yet processed."""
    return "new" in {event["state"] for event in await events_of(db, order)}


async def ask_forgetting(db: Database, seen: Order, now: datetime) -> bool:
    """Record that an order's customer is to be forgotten, with the errand for it.

    From then on nothing is made or sent again. False if the order is not as it was seen.
    """
    still = _as_seen(seen) | uncorrected_since(seen)
    update = errand_update("forget_order", now + ERRAND_CHECK)
    update["$set"]["forget_asked_at"] = now
    return await updated(db.orders, still, update)


def _as_seen(seen: Order) -> Document:
    """Return the filter for an order of which nothing was asked, and whose payment stands, since it was seen."""
    known: Document = {name: seen[name] for name in ("_id", "errands", "payment_version")}
    return known | {"request": seen.get("request"), "forgotten_at": None}


async def forget_customer(db: Database, order: Order, token: str, now: datetime) -> bool:
    """Remove name, address and answers from an order, with its form and alerts. Safe to repeat.

    The new token ends the customer's link. All errands but `forget_order` go, so that no letter is sent any
    more. False if something was asked for, or befell the payment, since the order was seen.
    """
    nothing: Document = {
        "answers": {},
        "unread": {},
        "email": None,
        "missing": [],
        "attention": None,
        "failed_at": None,
    }
    due_at = order["errands"].get("forget_order", now)
    errands = {"errands": {"forget_order": due_at}, "errands_at": due_at}
    facts = {**nothing, **errands, "token": token, "forgotten_at": now}
    gone = {"$set": facts, "$unset": {"corrections": "", "request": "", "gift": "", "forget_asked_at": ""}}
    if not await updated(db.orders, _as_seen(order), gone) and "forgotten_at" not in order:
        return False
    await db.answers.delete_one({"_id": order["reference"]})
    await db.alerts.delete_many({"order": order["_id"]})
    await db.settled_alerts.delete_many({"order": order["_id"]})
    return True


async def files_of(db: Database, order: Order) -> list[str]:
    """Return the keys of an order's files that are on record: those of its reports, and of their chapters."""
    made: list[str] = await db.steps.distinct("result.object", {"report": {"$in": report_ids(order)}})
    return [*made, *(pdf_key(order["_id"], product) for product in order["products"])]


async def forget_words(db: Database, order: Order) -> None:
    """Remove an order's texts, and the words of servers about it. Costs, hashes and dates stay."""
    of_order, reports = {"order": order["_id"]}, {"$in": report_ids(order)}
    words = {"error": "", "traceback": "", "result": "", "failing_since": "", "failed_at": ""}
    await db.steps.update_many({"report": reports}, {"$unset": words})
    await db.reports.update_many({"_id": reports}, {"$set": {"pdf": None}})
    await db.ledger.update_many(of_order, {"$unset": {"error": "", "text": ""}})
    await db.deliveries.update_many(of_order, {"$unset": {"error": "", "accepted": ""}})


async def forget_events(db: Database, order: Order) -> None:
    """Remove the bodies of an order's events, but for those not yet processed, and close its dead letters."""
    ids = [event["_id"] for event in await events_of(db, order) if event["state"] != "new"]
    gone = {"$set": {"reason": "", "error": "", "traceback": "", "raw": b"", "state": "discarded"}}
    await db.dead_letters.update_many({"_id": {"$in": [f"event:{event}" for event in ids]}}, gone)
    await db.dead_letters.update_many({"order": order["_id"]}, gone)
    # Events stay as ids, so that one that comes again is known and not taken for news.
    facts = {"raw": b"", "state": "ignored", "reason": "Its customer is forgotten."}
    forgotten: Document = {"$set": facts, "$unset": {"due_at": ""}}
    await db.events.update_many({"_id": {"$in": ids}}, forgotten)
