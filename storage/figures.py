"""Figures of the whole: how much there is of each kind of work, by small reads of an index each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, get_args

from storage.database import Database, Document, aggregated
from storage.records.mail import Alert
from storage.records.orders import Event, EventState, Order
from storage.records.work import StepState

#: Paid orders that are neither delivered nor refunded.
OPEN: Document = {"paid_at": {"$type": "date"}, "delivered_at": None, "stopped": False}
#: Letters that a mail server has said no to, at least once.
SAID_NO: Document = {"error": {"$exists": True}}
#: More than this counts as this many.
MOST = 10_000
_UNFINISHED = [state for state in get_args(StepState) if state != "done"]


class Line(NamedTuple):
    """Documents that wait: their number, and since when the first does."""

    number: int
    since: datetime | None


async def open_orders(db: Database, now: datetime, limit: int) -> list[Order]:
    """Return the orders in `OPEN`, the longest paid first, without what their customers said.

    Gifts that are made and wait for their day are left out: for a year they would hide what is wrong.
    """
    said = ("answers", "email", "unread", "gift.email", "gift.giver", "gift.message")
    found = db.orders.find({**OPEN, "$nor": [_before_day(now)]}, dict.fromkeys(said, 0)).sort("paid_at")
    return await found.limit(limit).to_list()


async def scheduled_gifts(db: Database, now: datetime) -> int:
    """Return the number of gifts that are made and wait for their day."""
    return await db.orders.count_documents({**OPEN, **_before_day(now)}, limit=MOST)


def _before_day(now: datetime) -> Document:
    return {"stored_at": {"$ne": None}, "gift.at": {"$gt": now}}


async def open_orders_paid_before(
    db: Database, at: datetime, now: datetime, alike: Mapping[str, str], limit: int
) -> list[str]:
    """Return the ids of the orders in `OPEN` that were paid before then, the longest paid first.

    Those that are being refunded are left out, gifts that are made and wait for their day, and those that differ
    from `alike` in one of its fields.
    """
    old: Document = {**OPEN, "paid_at": {"$type": "date", "$lt": at}, "letter": {"$ne": "refund"}, **alike}
    old["$nor"] = [_before_day(now)]
    return [order["_id"] async for order in db.orders.find(old, {"_id": 1}).sort("paid_at").limit(limit)]


async def unfinished_steps(db: Database) -> dict[StepState, int]:
    """Return the number of steps in each state but the last, `done`."""
    return {state: await db.steps.count_documents({"state": state}, limit=MOST) for state in _UNFINISHED}


async def open_dead_letters(db: Database) -> int:
    """Return the number of dead letters that nobody has replayed or discarded."""
    return await db.dead_letters.count_documents({"state": "open"}, limit=MOST)


async def told_alerts(db: Database) -> int:
    """Return the number of alerts that operators have heard of, and whose trouble is not known to be over."""
    return await db.alerts.count_documents({"state": "told"}, limit=MOST)


async def alerts_of_kinds(db: Database, kinds: Sequence[str], limit: int) -> list[Alert]:
    """Return alerts of some kinds, told or not."""
    return await db.alerts.find({"kind": {"$in": list(kinds)}}).limit(limit).to_list()


async def untaken_mails(db: Database) -> dict[str, int]:
    """Return the number of letters that a mail server does not take now, and of those that it never will."""
    states = ("waiting", "refused")
    return {
        state: await db.deliveries.count_documents({**SAID_NO, "state": state}, limit=MOST) for state in states
    }


async def line_of_events(db: Database, state: EventState, before: datetime) -> Line:
    """Return the line of events in a state that came before then."""
    waiting = {"state": state, "received_at": {"$lte": before}}
    first = await db.events.find(waiting, {"received_at": 1}).sort("received_at").limit(1).to_list()
    return Line(await db.events.count_documents(waiting, limit=MOST), first[0]["received_at"] if first else None)


async def reasons_of_ignored(db: Database, since: datetime) -> dict[str, int]:
    """Return the reasons for which events since then were ignored, each with their number."""
    newest: list[Document] = [
        {"$match": {"state": "ignored", "received_at": {"$gte": since}}},
        {"$sort": {"received_at": -1}},
        {"$limit": MOST},
        {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
    ]
    return {str(group["_id"]): group["count"] for group in await aggregated(db.events, newest)}


async def newest_bodies(db: Database, state: EventState, limit: int) -> list[Event]:
    """Return the newest events in a state, with their bodies."""
    return await db.events.find({"state": state}).sort("received_at", -1).limit(limit).to_list()
