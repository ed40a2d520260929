"""Alerts for an operator: one document a kind of trouble and subject, kept until it was told."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from infra.errors import AccountTrouble
from storage.database import Database, Document, insert_once, translating
from storage.records.mail import Alert

#: Trouble that mends itself this quickly disturbs no operator. The contract allows 15 s in all.
_TELL_AFTER = timedelta(seconds=4)
#: The time after which an operator hears of more trouble of a kind: a hundred dead sections are two mails.
_TELL_AGAIN = timedelta(minutes=10)
#: The time after which trouble with an account that nothing has met since is over. What waits for it asks again
#: every minute.
_MENDED_AFTER = timedelta(minutes=10)
#: The part that is kept of the texts after the first. A report may have hundreds.
_MAX_TEXT = 1000


@translating
async def raise_alert(
    db: Database, kind: str, text: str, now: datetime, *, order: str | None = None, event: str | None = None
) -> None:
    """Record that an operator must be told. The same trouble is told once.

    `event` is the subject where there is no order: an event's id or a payment intent. Further trouble of the
    kind is counted, in `seen`, by its text. Once the first was told, the number is told later.
    """
    key, said = alert_id(kind, order=order, event=event), _hash(text)
    alert = _new_alert(key, kind, text, said, now, order=order, event=event)
    if await insert_once(db.alerts, alert):
        return
    other, more = {"_id": key, "seen": {"$ne": said}}, {"$push": {"seen": said}}
    known = {f"texts.{said}": text[:_MAX_TEXT]}
    again = {"state": "new", "told": [], "due_at": now + _TELL_AGAIN, **known}
    stale = {"admitted_at": "", "unheard": ""}
    told = await db.alerts.update_one({**other, "state": "told"}, {**more, "$set": again, "$unset": stale})
    new = await db.alerts.update_one(other, {**more, "$set": known})
    if not told.matched_count + new.matched_count:
        await insert_once(db.alerts, alert)  # it may have been withdrawn in between


@translating
async def tell_account_trouble(db: Database, trouble: AccountTrouble, now: datetime) -> None:
    """Record that an operator must mend an account. Each cause is told once, however much work meets it."""
    cause = f"{trouble} What waits for it goes on by itself then."
    key, said = _hash("account", trouble.server, cause), _hash(cause)
    alert: Alert = {**_new_alert(key, "account", cause, said, now, event=trouble.server), "met_at": now}
    if not await insert_once(db.alerts, alert):
        await db.alerts.update_one({"_id": key}, {"$set": {"met_at": now}})


@translating
async def withdraw_mended(db: Database, now: datetime) -> None:
    """Remove the alerts about accounts whose trouble is over, told or not. If it comes again, it is told anew."""
    await db.alerts.delete_many({"met_at": {"$lte": now - _MENDED_AFTER}})


def alert_id(kind: str, *, order: str | None = None, event: str | None = None) -> str:
    """Return the id of the alert of a kind of trouble and its subject."""
    return _hash(kind, order, event)


def _new_alert(
    key: str,
    kind: str,
    text: str,
    said: str,
    now: datetime,
    *,
    order: str | None = None,
    event: str | None = None,
) -> Alert:
    return {
        "_id": key,
        "kind": kind,
        "order": order,
        "event": event,
        "text": text,
        "at": now,
        "seen": [said],
        "state": "new",
        "told": [],
        "due_at": now + _TELL_AFTER,
    }


def _hash(*parts: str | None) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


@translating
async def withdraw_alert(db: Database, about: str, text: str) -> None:
    """Take out trouble that is over, told or not. If it comes again, it is told anew.

    Other trouble that was counted with it stays, and is told if it was not yet.
    """
    said = _hash(text)
    for field in ("order", "event"):
        while alert := await db.alerts.find_one({field: about, "seen": said}):
            await _take_out(db, alert, said)


async def _take_out(db: Database, alert: Alert, said: str) -> None:
    """Take one trouble out of an alert, unless the alert has changed since it was seen."""
    as_seen = {"_id": alert["_id"], "seen": alert["seen"], "state": alert["state"]}
    left = [one for one in alert["seen"] if one != said]
    if not left:
        await db.alerts.delete_one(as_seen)
        return
    heard = alert["state"] == "told" or set(left) <= set(alert.get("heard", []))
    first = alert.get("texts", {}).get(left[0], alert["text"])
    facts = {"seen": left, "text": first, "state": "told" if heard else "new"}
    await db.alerts.update_one(as_seen, {"$set": facts})


@translating
async def has_alert(db: Database, kind: str, event: str) -> bool:
    """Return whether there is trouble of a kind about a subject without an order, told or not."""
    return await db.alerts.find_one({"_id": alert_id(kind, event=event)}) is not None


@translating
async def end_alert(db: Database, kind: str, event: str) -> None:
    """Remove an alert of that kind and subject, whatever its text, as `withdraw_alert` does."""
    await db.alerts.delete_one({"_id": alert_id(kind, event=event)})


@translating
async def due_alerts(db: Database, now: datetime, limit: int) -> list[Alert]:
    """Return alerts that should have been told by now."""
    return await db.alerts.find({"state": "new", "due_at": {"$lte": now}}).sort("due_at").limit(limit).to_list()


@translating
async def count_admitted(db: Database, since: datetime) -> int:
    """Return the number of alerts that were let out since then, each on its own."""
    return await db.alerts.count_documents({"admitted_at": {"$gt": since}})


@translating
async def admit_alerts(db: Database, alerts: Sequence[Alert], now: datetime) -> None:
    """Let alerts out, each on its own."""
    named = {"_id": {"$in": [alert["_id"] for alert in alerts]}}
    await db.alerts.update_many(named, {"$set": {"admitted_at": now}})


@translating
async def gather_alerts(db: Database, alerts: Sequence[Alert], text: str, now: datetime) -> str:
    """Let alerts out as one, whose text names them all. Returns its id. A crash in between tells some twice."""
    key = _hash(*sorted(f"{alert['_id']} {alert['due_at']}" for alert in alerts))
    digest = _new_alert(key, "digest", text, key, now)
    digest |= {"due_at": now, "admitted_at": now}
    await insert_once(db.alerts, digest)
    told = {"state": "told", "told_at": now, "digest": key}
    await asyncio.gather(*(_close(db, alert, told) for alert in alerts))
    return key


@translating
async def claim_alert(
    db: Database, alert_id: str, now: datetime, until: datetime, *, way: str | None = None
) -> Alert | None:
    """Claim an alert that is to be told. None if it was told, by that way if one is given, or another has it."""
    free = {"_id": alert_id, "state": "new", "due_at": {"$lte": now}, "told": {"$ne": way}}
    taken = await db.alerts.update_one(free, {"$set": {"due_at": until}})
    return await db.alerts.find_one({"_id": alert_id}) if taken.matched_count else None


@translating
async def note_told(db: Database, alert_id: str, way: str) -> None:
    """Record by which way an alert was told, so that it is not told by that one again."""
    await db.alerts.update_one({"_id": alert_id}, {"$addToSet": {"told": way}})


@translating
async def close_alert(db: Database, seen: Alert, now: datetime) -> None:
    """Mark an alert as told, as it was seen. Further trouble that came meanwhile is told later."""
    if not await _close(db, seen, {"state": "told", "told_at": now}):
        again = {"$set": {"told": [], "heard": seen["seen"], "due_at": now + _TELL_AGAIN}}
        still_new = {"_id": seen["_id"], "state": "new"}
        await db.alerts.update_one(still_new, {**again, "$unset": {"admitted_at": "", "unheard": ""}})


async def _close(db: Database, seen: Alert, told: Document) -> bool:
    as_seen = {"_id": seen["_id"], "state": "new", "seen": seen["seen"]}
    return (await db.alerts.update_one(as_seen, {"$set": {**told, "heard": seen["seen"]}})).matched_count == 1


@translating
async def put_off_alert(db: Database, alert: Alert, until: datetime) -> None:
    """Let an alert that nobody heard wait until then."""
    await db.alerts.update_one({"_id": alert["_id"]}, {"$set": {"due_at": until}, "$inc": {"unheard": 1}})
