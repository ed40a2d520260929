"""What an operator must hear of: one document a kind of trouble and what has it, kept until it was told."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import Database, Document, insert_once, translating

#: Trouble that mends itself this quickly disturbs nobody; the contract allows 15 s in all.
_TELL_AFTER = timedelta(seconds=4)
#: When an operator who was told hears that there is more of it: a hundred dead sections are two mails.
_TELL_AGAIN = timedelta(minutes=10)


@translating
async def raise_alert(
    db: Database, kind: str, text: str, now: datetime, *, order: str | None = None, event: str | None = None
) -> None:
    """Write down that an operator must be told; the same happening is told once.

    `event` is what it is about where there is no order: an event's id or a payment intent. Further trouble of the
    kind is counted, in `seen`, by what it says; once the first was told, the number is told later.
    """
    key, said = _hash(kind, order, event), _hash(text)
    alert = {"_id": key, "kind": kind, "order": order, "event": event, "text": text, "at": now, "seen": [said]}
    if await insert_once(db.alerts, {**alert, "state": "new", "told": [], "due_at": now + _TELL_AFTER}):
        return
    other = {"_id": key, "seen": {"$ne": said}}
    again = {"$set": {"state": "new", "told": [], "due_at": now + _TELL_AGAIN}, "$unset": {"admitted_at": ""}}
    await db.alerts.update_one({**other, "state": "told"}, {**again, "$push": {"seen": said}})
    await db.alerts.update_one(other, {"$push": {"seen": said}})


def _hash(*parts: str | None) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


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
async def count_admitted(db: Database, since: datetime) -> int:
    """Return how many alerts were let out since then, each on its own."""
    return await db.alerts.count_documents({"admitted_at": {"$gt": since}})


@translating
async def admit_alerts(db: Database, alerts: Sequence[Document], now: datetime) -> None:
    """Let alerts out, each on its own."""
    named = {"_id": {"$in": [alert["_id"] for alert in alerts]}}
    await db.alerts.update_many(named, {"$set": {"admitted_at": now}})


@translating
async def gather_alerts(db: Database, alerts: Sequence[Document], text: str, now: datetime) -> str:
    """Let alerts out as one, whose text names them all; return its id. A crash in between tells some twice."""
    key = _hash(*sorted(f"{alert['_id']} {alert['due_at']}" for alert in alerts))
    one = {"kind": "digest", "order": None, "event": None, "text": text, "at": now, "seen": [key]}
    await insert_once(
        db.alerts, {"_id": key, **one, "state": "new", "told": [], "due_at": now, "admitted_at": now}
    )
    told = {"$set": {"state": "told", "told_at": now, "digest": key}}
    await db.alerts.update_many({"_id": {"$in": [alert["_id"] for alert in alerts]}, "state": "new"}, told)
    return key


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
async def close_alert(db: Database, seen: Document, now: datetime) -> None:
    """Note that an alert was told as it was seen; what more of the kind came meanwhile is told later."""
    told = {"$set": {"state": "told", "told_at": now}}
    if not (await db.alerts.update_one({"_id": seen["_id"], "seen": seen["seen"]}, told)).matched_count:
        again = {"$set": {"told": [], "due_at": now + _TELL_AGAIN}, "$unset": {"admitted_at": ""}}
        await db.alerts.update_one({"_id": seen["_id"]}, again)
