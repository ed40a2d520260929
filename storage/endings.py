"""Endings of orders: reports that are stored, notices, the letter that ends an order, and replays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from storage.database import Database, Document, updated
from storage.errands import ERRAND_CHECK, errand_by, errand_update
from storage.records.orders import Ending, Notice, ReplayIntent

_LETTER = "errands.complete_order"
_REPLAY = "errands.resume_replay"


async def add_stored(db: Database, order_id: str, product: str, run: int, now: datetime) -> bool:
    """Record that a report of this run is stored. True if it was the last one missing (T16).

    With it a failure is over that had no dead letter, or one that was discarded: nothing is refunded for it.
    """
    held = {"_id": order_id, f"run.{product}": run}
    if not await updated(db.orders, held, {"$addToSet": {"stored": product}}):
        return False
    order = await db.orders.find_one({"_id": order_id})
    if order is None or set(order["stored"]) < set(order["products"]):
        return False
    complete = {**held, "stored": {"$all": order["products"]}, "stored_at": None}
    letter = errand_update("complete_order", now + ERRAND_CHECK)
    letter["$set"] |= {"stored_at": now, "failed_at": None}
    await db.orders.update_one(complete, letter)
    return True


async def choose_completion(db: Database, order_id: str) -> bool:
    """Decide that an order ends with its reports. True if that is decided, by this call or another (T18)."""
    free: Document = {"_id": order_id, "letter": None, "on_hold": False, "stopped": False}
    free |= {"stored_at": {"$ne": None}, _REPLAY: {"$exists": False}, "request.kind": {"$ne": "withdrawal"}}
    if await updated(db.orders, free, {"$set": {"letter": "completion"}}):
        return True
    return await db.orders.count_documents({"_id": order_id, "letter": "completion"}) == 1


async def reserve_notice(db: Database, order_id: str, notice: Notice, now: datetime) -> bool:
    """Reserve the delay or failure mail. False if the order no longer needs it.

    No delay is told once the reports are stored, and no failure once it is mended. Neither is told if the order
    is refunded, held, or its letter chosen.
    """
    waiting: Document = {"_id": order_id, "letter": None, "on_hold": False, "stopped": False}
    failed: Document = {"attention": {"$ne": None}, "failed_at": {"$ne": None}}
    waiting |= failed if notice == "failure" else {"stored_at": None, "failed_at": None, "missing": []}
    return await updated(db.orders, waiting, {"$set": {f"told.{notice}": now}})


async def choose_refund(db: Database, order_id: str, due_at: datetime, **seen: Any) -> bool:
    """Decide that an order ends with a refund, and add its errand. True if that is decided now (T18r).

    This comes before Stripe is asked, so that a refunded order is never mailed as complete. `seen` must still
    hold.
    """
    update = errand_update("refund_order", due_at)
    update["$set"]["letter"] = "refund"
    return await updated(db.orders, {"_id": order_id, "letter": None, **seen}, update)


async def mark_refunded(db: Database, order_id: str, forget_at: datetime | None = None) -> None:
    """Clear a refunded order's need for attention, as its customer was told. They are forgotten at `forget_at`."""
    told: Document = errand_by("forget_order", forget_at) if forget_at else {"$set": {}}
    told["$set"] |= {"attention": None, "failed_at": None}
    await db.orders.update_one({"_id": order_id}, told)


async def mark_delivered(
    db: Database, order_id: str, now: datetime, forget_at: datetime | None = None, **seen: Any
) -> None:
    """Record that the completion mail was accepted. Nothing is left to do but to forget it at `forget_at`.

    `seen` must still hold.
    """
    delivered: Document = errand_by("forget_order", forget_at) if forget_at else {"$set": {}}
    delivered["$set"] |= {"delivered_at": now, "attention": None, "failed_at": None}
    delivered["$unset"] = {_LETTER: "", "errands.check_promise": ""}
    chosen = {"_id": order_id, "delivered_at": None, "letter": "completion", **seen}
    await db.orders.update_one(chosen, delivered)


async def begin_replay(
    db: Database, order_id: str, intent: ReplayIntent, now: datetime, letters: Sequence[Ending | None] = (None,)
) -> bool:
    """Start a new run of a report, with a durable intent for the steps to be made again (T17).

    `letters` are the letters that may have been chosen by now: none, unless the steps say nothing new. False if
    the order is not like that.
    """
    product, run = intent["product"], intent["run"]
    free = {"_id": order_id, "letter": {"$in": [*letters]}, _REPLAY: {"$exists": False}, f"run.{product}": run - 1}
    update = errand_update("resume_replay", now + ERRAND_CHECK)
    update["$set"] |= {f"run.{product}": run, "replay": intent, "stored_at": None}
    update |= {"$pull": {"stored": product}, "$unset": {_LETTER: ""}}
    return await updated(db.orders, free, update)


async def end_replay(db: Database, order_id: str, product: str, run: int) -> None:
    """Clear the intent of a report's replay, since all of its steps are reset (T17)."""
    begun = {"_id": order_id, "replay.product": product, "replay.run": run}
    await db.orders.update_one(begun, {"$unset": {_REPLAY: "", "replay": ""}})
