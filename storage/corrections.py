"""Corrections of answers: what the customer meant is written over what was typed, and the reports are made anew.

The answers, the record of the old ones and the intent to make every report again are one update. Each report then
gets a new run, and an order with that run has the new answers: a worker that claims a step of it and remembers the
order with an older run reads the order again.
"""

from collections.abc import Mapping
from datetime import datetime

from storage.database import Database, Document, translating
from storage.errands import ERRAND_CHECK, errand_update
from storage.records.orders import Correction, Order

_LETTER, _REPLAY = "errands.complete_order", "errands.resume_replay"


@translating
async def correct_answers(db: Database, seen: Order, correction: Correction, due_at: datetime | None) -> bool:
    """Correct the answers of an order, with a durable intent to make its reports again and to deliver them again.

    `due_at` is when they are promised for, if somebody waits for them. False if the order is not as it was seen,
    or is being replayed.
    """
    still: Document = {name: seen[name] for name in ("_id", "answers", "run", "letter", "delivered_at")}
    still |= {"stopped": False, "on_hold": False, "forgotten_at": None, _REPLAY: {"$exists": False}}
    update = errand_update("resume_replay", correction["at"] + ERRAND_CHECK)
    update["$set"] |= {f"answers.{name}": value for name, value in correction["after"].items()}
    update["$set"] |= {"remaking": {product: run + 1 for product, run in seen["run"].items()}}
    update["$set"] |= {"letter": None, "delivered_at": None, "stored_at": None}
    if due_at is not None:
        update["$set"]["errands.check_promise"] = due_at
    update["$unset"] = {_LETTER: "", **{f"unread.{name}": "" for name in correction["after"]}}
    update["$push"] = {"corrections": correction}
    return (await db.orders.update_one(still, update)).matched_count == 1


@translating
async def begin_remake(db: Database, order_id: str, product: str, run: int) -> None:
    """Begin the new run of a report that a correction makes again. Safe to repeat (T17)."""
    older = {"_id": order_id, f"remaking.{product}": run, f"run.{product}": run - 1}
    update = {
        "$set": {f"run.{product}": run, "stored_at": None},
        "$unset": {_LETTER: ""},
        "$pull": {"stored": product},
    }
    await db.orders.update_one(older, update)


@translating
async def end_remaking(db: Database, order_id: str, runs: Mapping[str, int]) -> None:
    """Clear the intent of a correction, since the steps of all reports are reset (T17)."""
    still = {"_id": order_id, "remaking": runs}
    await db.orders.update_one(still, {"$unset": {"remaking": "", _REPLAY: ""}})
