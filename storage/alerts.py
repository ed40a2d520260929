"""Alerts for an operator: one document a kind of trouble and subject, until a person settles it or it is over.

Those that were heard of and are open no more are kept for a while, with who settled them, and why.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from infra.errors import AccountTrouble
from storage.database import Database, Document, exists, insert_once, updated
from storage.grouping import ids_of
from storage.records.mail import Alert, SettledAlert

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
#: What settles an alert whose trouble is over, and why.
_SYSTEM, _OVER = "pressroom", "The trouble is over."
#: The part that is kept of the texts after the first. A report may have hundreds.
_MAX_TEXT = 1000


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
    # A snooze is for the trouble that was known.
    quiet = {**other, "$or": [{"state": "told"}, {"snoozed_until": {"$exists": True}}]}
    stale = dict.fromkeys(("admitted_at", "unheard", "snoozed_until"), "")
    told = await updated(db.alerts, quiet, {**more, "$set": again, "$unset": stale})
    new = await updated(db.alerts, other, {**more, "$set": known})
    if not told and not new:
        await insert_once(db.alerts, alert)  # it may have been withdrawn in between


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


async def keep_account_trouble(db: Database, work: str, now: datetime) -> None:
    """Keep alerts about accounts that work has met, since it still meets their trouble. None is raised for it."""
    await db.alerts.update_many({"met_by": work}, {"$set": {"met_at": now}})


async def waits_for_account(db: Database, work: str) -> bool:
    """Return whether there is an alert about an account that work has met."""
    return await exists(db.alerts, {"met_by": work})


async def end_account_trouble(db: Database, work: str) -> None:
    """Settle alerts about accounts, told or not, since work that met their trouble got through.

    If it comes again, it is told anew.
    """
    await _settle_all(db, {"met_by": work})


async def end_unmet_account_troubles(db: Database, now: datetime) -> None:
    """Settle alerts about accounts, told or not, whose trouble nothing has met for ten minutes."""
    unmet = {"$not": {"$gt": now - _MENDED_AFTER}}
    await _settle_all(db, {"kind": {"$in": _OF_ACCOUNTS}, "met_at": unmet})


async def _settle_all(db: Database, over: Document) -> None:
    for alert in await db.alerts.find(over, {"_id": 1}).to_list():
        await _settle(db, {"_id": alert["_id"], **over}, _SYSTEM, _OVER)


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


async def withdraw_alert(db: Database, about: str, text: str) -> None:
    """Take out trouble that is over, told or not. If it comes again, it is told anew.

    Other trouble that was counted with it stays, and is told if it was not yet.
    """
    said = _hash(text)
    about_it = {"$or": [{"order": about}, {"event": about}], "seen": said}
    while alert := await db.alerts.find_one(about_it):
        await _take_out(db, alert, said)


async def _take_out(db: Database, alert: Alert, said: str) -> None:
    """Take one trouble out of an alert, unless the alert has changed since it was seen."""
    snoozed = alert.get("snoozed_until")
    as_seen = {"_id": alert["_id"], "seen": alert["seen"], "state": alert["state"], "snoozed_until": snoozed}
    left = [one for one in alert["seen"] if one != said]
    if not left:
        await _settle(db, as_seen, _SYSTEM, _OVER)
        return
    heard = alert["state"] == "told" or set(left) <= set(alert.get("heard", []))
    first = alert.get("texts", {}).get(left[0], alert["text"])
    facts = {"seen": left, "text": first}
    if snoozed is None:
        facts["state"] = "told" if heard else "new"
    await db.alerts.update_one(as_seen, {"$set": facts})


async def _settle(db: Database, as_seen: Document, who: str, why: str) -> bool:
    """Take an alert away that is as it was seen. False if it is not. What nobody has heard of leaves no trace.

    A crash in between loses the record of that alone: a person's word is in the audit trail as well.
    """
    alert = await db.alerts.find_one_and_delete(as_seen)
    if alert is not None and ("heard" in alert or who != _SYSTEM):
        facts = {**alert, "who": who, "why": why, "_id": f"{alert['_id']}@{alert['at'].isoformat()}"}
        facts |= {"state": "told", "heard": alert["seen"]}
        kept = {"$set": facts, "$currentDate": {"settled_at": True}}
        await db.settled_alerts.update_one({"_id": facts["_id"]}, kept, upsert=True)
    return alert is not None


async def open_alerts(db: Database, limit: int) -> list[Alert]:
    """Return the open alerts, the newest first. Digests, which only tell of others, are left out."""
    still = {"state": {"$in": ["new", "told"]}, "kind": {"$ne": "digest"}}
    return await db.alerts.find(still).sort("at", -1).limit(limit).to_list()


async def settled_alerts(db: Database, limit: int) -> list[SettledAlert]:
    """Return the alerts that were settled of late, the last one first."""
    return await db.settled_alerts.find().sort("settled_at", -1).limit(limit).to_list()


async def settled_alerts_about(db: Database, orders: Sequence[str]) -> list[SettledAlert]:
    """Return the settled alerts about some orders."""
    return await db.settled_alerts.find({"order": {"$in": list(orders)}}).to_list()


async def find_alert(db: Database, alert_id: str) -> Alert | None:
    """Return the open alert, or None."""
    return await db.alerts.find_one({"_id": alert_id})


async def settle_alert(db: Database, seen: Alert, who: str, why: str) -> bool:
    """Settle an alert on a person's word. False if more trouble came since it was seen, or it is over."""
    return await _settle(db, {"_id": seen["_id"], "seen": seen["seen"]}, who, why)


async def snooze_alert(db: Database, seen: Alert, until: datetime) -> bool:
    """Have an alert told again then, by every way, and not before. False if it is not as it was seen.

    Trouble of the kind with another text ends the snooze.
    """
    facts = {"state": "new", "told": [], "due_at": until, "snoozed_until": until}
    update: Document = {"$set": facts, "$unset": {"admitted_at": "", "unheard": ""}}
    return await updated(db.alerts, {"_id": seen["_id"], "seen": seen["seen"]}, update)


async def alerts_about(db: Database, orders: Sequence[str]) -> list[Alert]:
    """Return the open alerts about some orders, told or not."""
    return await db.alerts.find({"order": {"$in": list(orders)}}).to_list()


async def due_alerts(db: Database, now: datetime, limit: int) -> list[Alert]:
    """Return alerts that should have been told by now."""
    return await db.alerts.find({"state": "new", "due_at": {"$lte": now}}).sort("due_at").limit(limit).to_list()


async def count_admitted(db: Database, since: datetime) -> int:
    """Return the number of alerts that were let out since then, each on its own."""
    return await db.alerts.count_documents({"admitted_at": {"$gt": since}})


async def admit_alerts(db: Database, alerts: Sequence[Alert], now: datetime) -> None:
    """Let alerts out, each on its own."""
    named = {"_id": {"$in": ids_of(alerts)}}
    await db.alerts.update_many(named, {"$set": {"admitted_at": now}})


async def gather_alerts(db: Database, alerts: Sequence[Alert], text: str, now: datetime) -> str:
    """Let alerts out as one, whose text names them all. Returns its id. A crash in between tells some twice."""
    key = _hash(*sorted(f"{alert['_id']} {alert['due_at']}" for alert in alerts))
    digest = _new_alert(key, "digest", text, now)
    digest |= {"due_at": now, "admitted_at": now}
    await insert_once(db.alerts, digest)
    told = {"state": "told", "told_at": now, "digest": key}
    await asyncio.gather(*(_close(db, alert, told) for alert in alerts))
    return key


async def claim_alert(
    db: Database, alert_id: str, now: datetime, until: datetime, *, way: str | None = None
) -> Alert | None:
    """Claim an alert that is to be told. None if it was told, by that way if one is given, or another has it."""
    free = {"_id": alert_id, "state": "new", "due_at": {"$lte": now}, "told": {"$ne": way}}
    taken = await updated(db.alerts, free, {"$set": {"due_at": until}})
    return await db.alerts.find_one({"_id": alert_id}) if taken else None


async def note_told(db: Database, seen: Alert, way: str) -> None:
    """Record by which way an alert was told, so that it is not told by that one again."""
    await db.alerts.update_one(_untouched(seen), {"$addToSet": {"told": way}})


async def close_alert(db: Database, seen: Alert, now: datetime) -> None:
    """Mark an alert as told, as it was seen. Further trouble that came meanwhile is told later."""
    if not await _close(db, seen, {"state": "told", "told_at": now}):
        again = {"$set": {"told": [], "heard": seen["seen"], "due_at": now + _TELL_AGAIN}}
        await db.alerts.update_one(_untouched(seen), {**again, "$unset": {"admitted_at": "", "unheard": ""}})


async def _close(db: Database, seen: Alert, told: Document) -> bool:
    as_seen = {**_untouched(seen), "seen": seen["seen"]}
    heard: Document = {"$set": {**told, "heard": seen["seen"]}, "$unset": {"snoozed_until": ""}}
    return await updated(db.alerts, as_seen, heard)


def _untouched(seen: Alert) -> Document:
    """Return the filter of an alert that is still to be told, and that nobody has snoozed since it was seen."""
    return {"_id": seen["_id"], "state": "new", "snoozed_until": seen.get("snoozed_until")}


async def put_off_alert(db: Database, alert: Alert, until: datetime) -> None:
    """Let an alert that nobody heard wait until then."""
    await db.alerts.update_one(_untouched(alert), {"$set": {"due_at": until}, "$inc": {"unheard": 1}})
