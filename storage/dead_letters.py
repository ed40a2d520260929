"""Dead letters: failed work, with its cause, until an operator replays or discards it."""

from datetime import datetime
from typing import Any

from storage.database import Database, Document, insert_once, translating

_MAX_RAW = 64 * 1024


@translating
async def record_dead_step(db: Database, step: Document, reason: str) -> None:
    """Keep a dead step's error, once for each death. `reason` says the same without details, as alerts do."""
    letter = {
        "reason": reason,
        "order": step["order"],
        "product": step["product"],
        "step": step["_id"],
        "epoch": step["epoch"],
        "error": step["error"],
        "traceback": step["traceback"],
        "attempts": step["attempts"],
        "at": step["done_at"],
    }
    await _record(db, f"{step['_id']}:{step['epoch']}", "step", letter)


@translating
async def record_dead_report(
    db: Database, report: str, reason: str, error: str, traceback: str, now: datetime
) -> None:
    """Keep the error of a report that could not even be begun."""
    order, _, product = report.partition(":")
    said: Document = {"reason": reason, "error": error, "traceback": traceback, "at": now}
    facts = {"order": order, "product": product, **said}
    await _record(db, f"{report}:begin:{int(now.timestamp())}", "report", facts)


@translating
async def record_dead_errand(
    db: Database, order: str, errand: str, reason: str, error: str, traceback: str, now: datetime, *, fails: bool
) -> None:
    """Keep the error of an order's errand, such as its letter. `fails` tells whether the order fails for it."""
    said: Document = {"reason": reason, "error": error, "traceback": traceback, "at": now}
    facts = {"order": order, "errand": errand, "fails": fails, **said}
    await _record(db, f"{order}:{errand}:{int(now.timestamp())}", "errand", facts)


@translating
async def record_dead_event(db: Database, event_id: str, error: str, traceback: str, now: datetime) -> None:
    """Keep the error of an event that could not be applied. If it fails again after a replay, it opens again."""
    facts = {"error": error, "traceback": traceback, "at": now}
    await _record(db, f"event:{event_id}", "event", facts)
    closed = {"_id": f"event:{event_id}", "state": {"$ne": "open"}}
    await db.dead_letters.update_one(closed, {"$set": {**facts, "state": "open"}})


@translating
async def record_dead_message(
    db: Database, *, queue: str, message_id: str, data: bytes, error: str, traceback: str, now: datetime
) -> None:
    """Keep a message that no worker could take, as it lay in Redis (its first 64 KiB)."""
    facts = {"product": queue, "raw": data[:_MAX_RAW], "error": error, "traceback": traceback, "at": now}
    await _record(db, f"message:{message_id}", "message", facts)


async def _record(db: Database, letter_id: str, kind: str, facts: dict[str, Any]) -> None:
    usual = {"order": None, "product": None, "step": None, "attempts": 1, "fails": True}
    await insert_once(db.dead_letters, {"_id": letter_id, **usual, **facts, "kind": kind, "state": "open"})


@translating
async def dead_letters(db: Database, *, limit: int, **filters: Any) -> list[Document]:
    """Return dead letters, newest first. `filters` go by field, such as state="open"."""
    return await db.dead_letters.find(filters).sort("at", -1).limit(limit).to_list()


@translating
async def find_dead_letter(db: Database, letter_id: str) -> Document | None:
    """Return the dead letter, or None."""
    return await db.dead_letters.find_one({"_id": letter_id})


@translating
async def close_dead_letter(db: Database, letter_id: str, state: str, now: datetime) -> None:
    """Mark an open dead letter as replayed or discarded."""
    await db.dead_letters.update_one(
        {"_id": letter_id, "state": "open"}, {"$set": {"state": state, "closed_at": now}}
    )
