"""Dead letters: failed work, with its cause, until an operator replays or discards it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from storage.database import BY_ID, Database, insert_once, updated
from storage.likeness import likeness
from storage.records.mail import DeadErrand, DeadEvent, DeadLetter, DeadMessage, DeadReport, DeadStep, Death
from storage.records.orders import Errand
from storage.records.work import Step

_MAX_RAW = 64 * 1024
#: The most characters of a message's id, error and traceback that are kept: a sender may have put anything there.
_MAX_ID, _MAX_ERROR, _MAX_TRACEBACK = 200, 2_000, 16_000
#: The open dead letters about messages of one queue, beyond which further ones are only counted.
_MOST_MESSAGES = 20
#: The alert of a dead message. Its error may hold a customer's words.
MESSAGE_IS_DEAD = "A message could not be carried out. It is a dead letter."
_FURTHER = "Further messages of the queue could not be carried out. They were counted, and not kept."


def _death(reason: str, error: str, traceback: str, at: datetime) -> Death:
    return {
        "state": "open",
        "attempts": 1,
        "fails": True,
        "reason": reason,
        "error": error,
        "traceback": traceback,
        "at": at,
    }


async def record_dead_step(db: Database, step: Step, reason: str, model: str | None = None) -> None:
    """Keep a dead step's error, once for each death. `reason` says the same without details, as alerts do.

    `model` is the one that was asked, if any.
    """
    cause = step.get("reason", reason)
    letter: DeadStep = {
        "_id": f"{step['_id']}:{step['epoch']}",
        "kind": "step",
        "order": step["order"],
        "product": step["product"],
        "step": step["_id"],
        "epoch": step["epoch"],
        **_death(reason, step["error"], step["traceback"], step["done_at"]),
        "attempts": step["attempts"],
        **likeness("step", cause, step["_id"], product=step["product"], model=model, version=step["plan"]),
    }
    await insert_once(db.dead_letters, letter)


async def record_dead_report(
    db: Database, report: str, reason: str, error: str, traceback: str, now: datetime
) -> None:
    """Keep the error of a report that could not even be begun."""
    order, _, product = report.partition(":")
    letter: DeadReport = {
        "_id": f"{report}:begin:{int(now.timestamp())}",
        "kind": "report",
        "order": order,
        "product": product,
        "step": None,
        **_death(reason, error, traceback, now),
        **likeness("report", reason, report, product=product),
    }
    await insert_once(db.dead_letters, letter)


async def record_dead_errand(
    db: Database,
    order: str,
    errand: Errand,
    reason: str,
    error: str,
    traceback: str,
    now: datetime,
    *,
    fails: bool,
) -> None:
    """Keep the error of an order's errand, such as its letter. `fails` tells whether the order fails for it."""
    letter: DeadErrand = {
        "_id": f"{order}:{errand}:{int(now.timestamp())}",
        "kind": "errand",
        "order": order,
        "product": None,
        "step": None,
        "errand": errand,
        **_death(reason, error, traceback, now),
        **likeness("errand", reason, order),
        "fails": fails,
    }
    await insert_once(db.dead_letters, letter)


async def record_dead_event(db: Database, event_id: str, error: str, traceback: str, now: datetime) -> None:
    """Keep the error of an event that could not be applied. If it fails again after a replay, it opens again."""
    letter: DeadEvent = {
        "_id": f"event:{event_id}",
        "kind": "event",
        "order": None,
        "product": None,
        "step": None,
        **_death(error, error, traceback, now),
        **likeness("event", error, event_id),
    }
    await _open(db, letter)


async def _open(db: Database, letter: DeadEvent | DeadMessage) -> None:
    """Keep a dead letter. One that is closed is opened again, with the later error."""
    if not await insert_once(db.dead_letters, letter):
        closed = {"_id": letter["_id"], "state": {"$ne": "open"}}
        await db.dead_letters.replace_one(closed, letter)


async def record_dead_message(
    db: Database, *, queue: str, message_id: str, data: bytes, error: str, traceback: str, now: datetime
) -> str:
    """Keep a message that no worker could take, as it lay in Redis (its first 64 KiB). It may die again.

    While twenty of its queue are open, it is only counted, by `attempts` of one more: whoever can write to Redis
    must not be able to fill MongoDB. Returns the dead letter's id.
    """
    about = {"order": None, "state": "open", "kind": "message", "product": queue}
    if await db.dead_letters.count_documents(about, limit=_MOST_MESSAGES) < _MOST_MESSAGES:
        cause = _plain(error)[:_MAX_ERROR], _plain(traceback)[-_MAX_TRACEBACK:]
        letter = _dead_message(_letter_id(message_id), queue, data[:_MAX_RAW], *cause, now)
        await _open(db, letter)
        return letter["_id"]
    further = _dead_message(f"messages:{queue}", queue, b"", _FURTHER, "", now)
    again = {"$inc": {"attempts": 1}, "$set": {"at": now}}
    if not await updated(db.dead_letters, {"_id": further["_id"], "state": "open"}, again):
        await _open(db, further)
    return further["_id"]


def _dead_message(letter: str, queue: str, raw: bytes, error: str, traceback: str, at: datetime) -> DeadMessage:
    return {
        "_id": letter,
        "kind": "message",
        "order": None,
        "product": queue,
        "step": None,
        "raw": raw,
        **_death(MESSAGE_IS_DEAD, error, traceback, at),
        **likeness("message", MESSAGE_IS_DEAD, letter, product=queue),
    }


def _letter_id(message_id: str) -> str:
    fits = message_id.isprintable() and len(message_id) <= _MAX_ID
    return f"message:{message_id if fits else hashlib.sha256(message_id.encode(errors='replace')).hexdigest()}"


def _plain(text: str) -> str:
    """Return a text that MongoDB can hold: halves of characters become question marks."""
    return text.encode(errors="replace").decode()


async def dead_letters(db: Database, *, limit: int, **filters: Any) -> list[DeadLetter]:
    """Return dead letters, newest first. `filters` go by field, such as state="open"."""
    return await db.dead_letters.find(filters).sort("at", -1).limit(limit).to_list()


async def open_letters_of(db: Database, order: str, limit: int) -> list[str]:
    """Return the ids of an order's open dead letters, newest first, without their texts."""
    found = db.dead_letters.find({"order": order, "state": "open"}, {"_id": 1}).sort("at", -1).limit(limit)
    return [letter["_id"] async for letter in found]


async def letters_by_ids(db: Database, ids: Sequence[str]) -> list[DeadLetter]:
    """Return those dead letters, in the order of their ids, without their texts."""
    found = db.dead_letters.find({"_id": {"$in": list(ids)}}, {"error": 0, "traceback": 0}, hint=BY_ID)
    return await found.sort("_id").to_list()


async def find_dead_letter(db: Database, letter_id: str) -> DeadLetter | None:
    """Return the dead letter, or None."""
    return await db.dead_letters.find_one({"_id": letter_id})


async def close_dead_letter(db: Database, letter_id: str, state: str, now: datetime) -> None:
    """Mark an open dead letter as replayed or discarded."""
    closed = {"$set": {"state": state, "closed_at": now}}
    await db.dead_letters.update_one({"_id": letter_id, "state": "open"}, closed)
