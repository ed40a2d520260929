"""What an operator must hear of: one document a happening, kept until it was told."""

import hashlib
from datetime import datetime, timedelta

from storage.database import Database, Document, translating

#: Trouble that mends itself this quickly disturbs nobody; the contract allows 15 s in all.
_TELL_AFTER = timedelta(seconds=4)


@translating
async def raise_alert(
    db: Database, kind: str, text: str, now: datetime, *, order: str | None = None, event: str | None = None
) -> None:
    """Write down that an operator must be told; the same happening is told once.

    `event` is what it is about where there is no order: an event's id or a payment intent.
    """
    key = hashlib.sha256(f"{kind}\0{order}\0{event}\0{text}".encode()).hexdigest()[:32]
    alert = {"kind": kind, "order": order, "event": event, "text": text, "at": now}
    fresh: Document = {**alert, "state": "new", "told": [], "due_at": now + _TELL_AFTER}
    await db.alerts.update_one({"_id": key}, {"$setOnInsert": fresh}, upsert=True)


@translating
async def withdraw_alert(db: Database, about: str, text: str) -> None:
    """Tell nobody of trouble that is over before it was told; told or not, it is told anew if it comes again."""
    for field in ("order", "event"):
        await db.alerts.delete_many({field: about, "text": text})


@translating
async def due_alerts(db: Database, now: datetime, limit: int) -> list[Document]:
    """Return alerts that should have been told by now."""
    return await db.alerts.find({"state": "new", "due_at": {"$lte": now}}).sort("due_at").limit(limit).to_list()


@translating
async def claim_alert(db: Database, alert_id: str, now: datetime, until: datetime) -> Document | None:
    """Take an alert that is to be told; None if it was told, or somebody is at it."""
    free = {"_id": alert_id, "state": "new", "due_at": {"$lte": now}}
    taken = await db.alerts.update_one(free, {"$set": {"due_at": until}})
    return await db.alerts.find_one({"_id": alert_id}) if taken.matched_count else None


@translating
async def note_told(db: Database, alert_id: str, way: str) -> None:
    """Note by which way an alert was told: not by that one again."""
    await db.alerts.update_one({"_id": alert_id}, {"$addToSet": {"told": way}})


@translating
async def close_alert(db: Database, alert_id: str, now: datetime) -> None:
    """Note that an alert was told."""
    await db.alerts.update_one({"_id": alert_id}, {"$set": {"state": "told", "told_at": now}})
