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
#: every minute, and letters every five.
_MENDED_AFTER = timedelta(minutes=10)
#: The kinds of alerts about accounts. The last two are an earlier version's, and never say when they were met.
_OF_ACCOUNTS = ["account", "mail", "provider"]
#: The last meetings with an account's trouble that are kept. A long one has thousands.
_MEETINGS = 100
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
    alert = _new_alert(key, kind, text, now, order=order, event=event)
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
async def tell_account_trouble(db: Database, trouble: AccountTrouble, work: str, now: datetime) -> None:
    """Record that an operator must mend an account. Each cause is told once, however much work meets it.

    `work` names what met it, and ends it once it gets through.
    """
    cause = f"{trouble} What waits for it goes on by itself then."
    key = _hash("account", trouble.server, cause)
    alert = _new_alert(key, "account", cause, now, event=trouble.server)
    alert |= {"met_at": now, "met_by": [work]}
    if not await insert_once(db.alerts, alert):
        met_by = {"$each": [work], "$slice": -_MEETINGS}
        await db.alerts.update_one({"_id": key}, {"$set": {"met_at": now}, "$push": {"met_by": met_by}})


@translating
async def keep_account_trouble(db: Database, work: str, now: datetime) -> None:
    """Keep alerts about accounts that work has met, since it still meets their trouble. None is raised for it."""
    await db.alerts.update_many({"met_by": work}, {"$set": {"met_at": now}})


@translating
async def waits_for_account(db: Database, work: str) -> bool:
    """Return whether there is an alert about an account that work has met."""
    return await db.alerts.find_one({"met_by": work}, {"_id": 1}) is not None


@translating
async def end_account_trouble(db: Database, work: str) -> None:
    """Remove alerts about accounts, told or not, since work that met their trouble got through.

    If it comes again, it is told anew.
    """
    if await waits_for_account(db, work):  # a look first, since a write waits for a majority
        await db.alerts.delete_many({"met_by": work})


@translating
async def end_unmet_account_troubles(db: Database, now: datetime) -> None:
    """Remove alerts about accounts, told or not, whose trouble nothing has met for ten minutes."""
    unmet = {"$not": {"$gt": now - _MENDED_AFTER}}
    await db.alerts.delete_many({"kind": {"$in": _OF_ACCOUNTS}, "met_at": unmet})


def alert_id(kind: str, *, order: str | None = None, event: str | None = None) -> str:
    """Return the id of the alert of a kind of trouble and its subject."""
    return _hash(kind, order, event)


def _new_alert(
    key: str, kind: str, text: str, now: datetime, *, order: str | None = None, event: str | None = None
) -> Alert:
    return {
        "_id": key,
        "kind": kind,
        "order": order,
        "event": event,
        "text": text,
        "at": now,
        "seen": [_hash(text)],
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
async def alerts_about(db: Database, orders: Sequence[str]) -> list[Alert]:
    """Return the alerts about some orders, told or not."""
    return await db.alerts.find({"order": {"$in": list(orders)}}).to_list()


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
    digest = _new_alert(key, "digest", text, now)
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
