"""Ledger of every purchase from the LLM: an entry is written before the call and settled after it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from storage.database import Database, Document, exists, insert_once
from storage.records.work import LedgerEntry, Settlement, Step


def entry_id(step: Step, epoch: int) -> str:
    """Return the id of the entry for a purchase under a claim."""
    return f"{step['_id']}:{epoch}"


async def open_entry(
    db: Database, step: Step, epoch: int, now: datetime, *, estimate_usd: float | None = None
) -> str:
    """Record that a call is about to be made. Returns the entry's id, which the provider sees too (T11).

    `estimate_usd` is the most that the call can cost. It is needed only where there is a budget.
    """
    entry: LedgerEntry = {
        "_id": entry_id(step, epoch),
        "step": step["_id"],
        "order": step["order"],
        "report": step["report"],
        "product": step["product"],
        "section": step["section"],
        "tenant": step["tenant"],
        "run": step["run"],
        "state": "open",
        "opened_at": now,
        "day": day_of(now),
    }
    if estimate_usd is not None:
        entry["estimate_usd"] = estimate_usd
    await insert_once(db.ledger, entry)
    return entry["_id"]


async def settle_entry(db: Database, entry: str, end: Settlement, now: datetime) -> None:
    """Record the end of the call and its cost. Not fenced, since the call was paid either way (T12)."""
    settled = {"$set": {**end, "state": "settled", "settled_at": now}}
    await db.ledger.update_one({"_id": entry, "state": "open"}, settled)


async def answers_of(db: Database, step: Step) -> list[LedgerEntry]:
    """Return the answers that were paid for in a step's run, the oldest first. A failed one is no answer."""
    answered = {
        "_id": _begins_with(step["_id"]),
        "run": step["run"],
        "usage": {"$exists": True},
        "outcome": {"$ne": "failed"},
    }
    found = await db.ledger.find(answered).to_list()
    return sorted(found, key=lambda entry: entry["opened_at"])


async def entries_of(db: Database, orders: Sequence[str]) -> list[LedgerEntry]:
    """Return the purchases of some orders, without texts."""
    return await db.ledger.find({"order": {"$in": list(orders)}}, {"text": 0}).to_list()


async def has_bought(db: Database, order: str) -> bool:
    """Return whether a call was ever made for an order, or was about to be."""
    return await exists(db.ledger, {"order": order})


async def drop_texts(db: Database, report: str, run: int) -> None:
    """Remove the texts of a report's answers up to a run, which its steps have. A later run needs its own."""
    made = {"_id": _begins_with(report), "run": {"$not": {"$gt": run}}}
    await db.ledger.update_many(made, {"$unset": {"text": ""}})


def _begins_with(part: str) -> Document:
    """Return a filter of the ids of a step's or report's entries, which lie together: no index is needed."""
    return {"$gte": f"{part}:", "$lt": f"{part};"}


async def withdraw_entry(db: Database, entry: str) -> None:
    """Remove the open entry of a call that was not made. It would count as possibly paid for ever."""
    await db.ledger.delete_one({"_id": entry, "state": "open"})


def day_of(moment: datetime) -> str:
    """Return the day in UTC by which entries are found, such as 2026-03-01."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")
