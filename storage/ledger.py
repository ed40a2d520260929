"""Every purchase from the LLM: written before the call, settled after it."""

from datetime import datetime
from typing import Any

from storage.database import Database, Document, translating


@translating
async def open_entry(db: Database, step: Document, epoch: int, now: datetime) -> str:
    """T11: write that a call is about to be made; return the entry's id, which the provider sees too."""
    entry_id = f"{step['_id']}:{epoch}"
    await db.ledger.insert_one(
        {
            "_id": entry_id,
            "step": step["_id"],
            "order": step["order"],
            "product": step["product"],
            "section": step["section"],
            "state": "open",
            "opened_at": now,
            "day": now.strftime("%Y-%m-%d"),
        }
    )
    return entry_id


@translating
async def settle_entry(db: Database, entry_id: str, facts: dict[str, Any], now: datetime) -> None:
    """T12: note how the call ended and what it cost; not fenced, since it was paid either way."""
    await db.ledger.update_one(
        {"_id": entry_id, "state": "open"}, {"$set": {**facts, "state": "settled", "settled_at": now}}
    )


@translating
async def costs_of(db: Database, order_id: str) -> Document:
    """Return what an order's calls came to: attempts, settled, possibly_paid, tokens and cost_usd.

    `cost_usd` is None as soon as one settled call's price is unknown, never a sum that leaves it out.
    """
    entries = await db.ledger.find({"order": order_id}).to_list()
    settled = [entry for entry in entries if entry["state"] == "settled"]
    costs = [entry["cost_usd"] for entry in settled if entry.get("usage")]
    return {
        "attempts": len(entries),
        "settled": len(settled),
        "possibly_paid": len(entries) - len(settled),
        "tokens": sum(e["usage"]["input"] + e["usage"]["output"] for e in settled if e.get("usage")),
        "cost_usd": None if None in costs else round(sum(costs), 6),
    }
