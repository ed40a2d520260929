"""The raw inbox: every event that was signed by Stripe, as it came."""

from datetime import datetime, timedelta
from typing import Literal

from pymongo.errors import DuplicateKeyError

from storage.database import Database, Document, translating

Outcome = Literal["applied", "ignored", "failed"]


@translating
async def record_event(db: Database, event_id: str, kind: str, raw: bytes, now: datetime) -> Document | None:
    """T1: keep an event; None if it is new, else the document that was there first."""
    event = {"_id": event_id, "type": kind, "raw": raw, "state": "new", "tries": 0, "received_at": now}
    try:
        await db.events.insert_one(event)
    except DuplicateKeyError:
        return await db.events.find_one({"_id": event_id})
    return None


@translating
async def settle_event(db: Database, event_id: str, outcome: Outcome, reason: str | None = None) -> None:
    """Note what became of an event; what was applied once stays applied."""
    await db.events.update_one(
        {"_id": event_id, "state": {"$ne": "applied"}},
        {"$set": {"state": outcome, "reason": reason}, "$inc": {"tries": 1}},
    )


@translating
async def count_try(db: Database, event_id: str) -> int:
    """Note that applying the event failed for now, and return how often it has."""
    await db.events.update_one({"_id": event_id, "state": "new"}, {"$inc": {"tries": 1}})
    event = await db.events.find_one({"_id": event_id}, {"tries": 1})
    return event["tries"] if event else 0


@translating
async def find_event(db: Database, event_id: str) -> Document | None:
    """Return the event, or None."""
    return await db.events.find_one({"_id": event_id})


@translating
async def unapplied_events(db: Database, before: datetime, limit: int) -> list[Document]:
    """Events that a crash left unapplied for 5 s or more, oldest first."""
    query = {"state": "new", "received_at": {"$lte": before - timedelta(seconds=5)}}
    return await db.events.find(query).sort("received_at").limit(limit).to_list()
