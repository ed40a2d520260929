"""One document a Checkout Session: facts that only accumulate, and the one letter that may be chosen."""

from datetime import datetime, timedelta
from typing import Any, Literal

from storage.database import Database, Document, translating

Letter = Literal["completion", "refund"]

#: How long the sweep leaves a letter alone before it asks whether it still travels.
LETTER_CHECK = timedelta(seconds=15)


@translating
async def place_order(db: Database, order: Document) -> None:
    """T2: insert the order of a session, or add to it that it was paid."""
    result = await db.orders.update_one({"_id": order["_id"]}, {"$setOnInsert": order}, upsert=True)
    if result.matched_count and order["paid_at"]:
        await db.orders.update_one({"_id": order["_id"], "paid_at": None}, {"$set": {"paid_at": order["paid_at"]}})


@translating
async def find_order(db: Database, order_id: str) -> Document | None:
    """Return the order, or None."""
    return await db.orders.find_one({"_id": order_id})


@translating
async def find_order_by_token(db: Database, token: str) -> Document | None:
    """Return the order that a customer's link names, or None."""
    return await db.orders.find_one({"token": token})


@translating
async def latest_orders(db: Database, limit: int) -> list[Document]:
    """Return the newest orders first."""
    return await db.orders.find().sort("placed_at", -1).limit(limit).to_list()


@translating
async def call_operator(db: Database, order_id: str, reason: str) -> None:
    """Put the order before an operator; the first reason stays."""
    await db.orders.update_one({"_id": order_id, "attention": None}, {"$set": {"attention": reason}})


@translating
async def release_operator(db: Database, order_id: str) -> None:
    """Take the order off the operator's list."""
    await db.orders.update_one({"_id": order_id}, {"$set": {"attention": None}})


@translating
async def add_stored(db: Database, order_id: str, product: str, run: int, now: datetime) -> bool:
    """T16: note that a report of this run is stored; True if it was the last one missing."""
    held = await db.orders.update_one({"_id": order_id, f"run.{product}": run}, {"$addToSet": {"stored": product}})
    if not held.matched_count:
        return False
    order = await db.orders.find_one({"_id": order_id})
    if order is None or set(order["stored"]) < set(order["products"]):
        return False
    complete = {"_id": order_id, f"run.{product}": run, "stored": {"$all": order["products"]}, "stored_at": None}
    await db.orders.update_one(complete, {"$set": {"stored_at": now, "letter_check_at": now + LETTER_CHECK}})
    return True


@translating
async def choose_letter(db: Database, order_id: str, letter: Letter) -> bool:
    """T18: decide which letter ends the order; True if it is this one."""
    free: dict[str, Any] = {"_id": order_id, "letter": None}
    if letter == "completion":
        free |= {"stored_at": {"$ne": None}, "on_hold": False, "replaying": {"$ne": True}}
    await db.orders.update_one(free, {"$set": {"letter": letter}})
    return await db.orders.count_documents({"_id": order_id, "letter": letter}) == 1


@translating
async def mark_delivered(db: Database, order_id: str, now: datetime) -> None:
    """Note that the completion mail was accepted; the sweep looks at the order no more."""
    await db.orders.update_one(
        {"_id": order_id, "delivered_at": None},
        {"$set": {"delivered_at": now}, "$unset": {"letter_check_at": ""}},
    )


@translating
async def delay_letter(db: Database, order_id: str, until: datetime) -> None:
    """Ask the sweep to look at the order's letter again then."""
    await db.orders.update_one(
        {"_id": order_id, "letter_check_at": {"$ne": None}}, {"$set": {"letter_check_at": until}}
    )


@translating
async def drop_letter(db: Database, order_id: str) -> None:
    """Take the order off the sweep's list: its letter waits for an operator."""
    await db.orders.update_one({"_id": order_id}, {"$unset": {"letter_check_at": ""}})


@translating
async def revive_letter(db: Database, order_id: str, now: datetime) -> None:
    """Put an order back on the sweep's list, so that its letter is made and sent after all."""
    await db.orders.update_one(
        {"_id": order_id, "stored_at": {"$ne": None}, "delivered_at": None}, {"$set": {"letter_check_at": now}}
    )


@translating
async def due_letters(db: Database, now: datetime, limit: int) -> list[Document]:
    """Orders whose reports are all stored and whose letter is not known to be on its way."""
    query = {"letter_check_at": {"$lte": now}, "on_hold": False, "replaying": {"$ne": True}}
    return await db.orders.find(query).limit(limit).to_list()


@translating
async def begin_replay(db: Database, order_id: str, product: str, run: int, steps: list[str]) -> bool:
    """T17: start a new run of a report, and write down durably what is to be made again."""
    free = {"_id": order_id, "letter": None, "replaying": {"$ne": True}, f"run.{product}": run - 1}
    intent = {"product": product, "run": run, "steps": steps}
    update = {
        "$set": {f"run.{product}": run, "replaying": True, "replay": intent, "stored_at": None},
        "$pull": {"stored": product},
        "$unset": {"letter_check_at": ""},
    }
    return (await db.orders.update_one(free, update)).matched_count == 1


@translating
async def end_replay(db: Database, order_id: str, run: int) -> None:
    """T17: all steps are reset, so the intent is fulfilled."""
    await db.orders.update_one({"_id": order_id, "replay.run": run}, {"$unset": {"replaying": "", "replay": ""}})


@translating
async def orders_replaying(db: Database) -> list[Document]:
    """Return orders whose replay has begun and not ended."""
    return await db.orders.find({"replaying": True}).to_list()
