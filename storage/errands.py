"""Errands: durable intents on an order. The sweep re-sends the message of each until it is done.

An errand is a time in `orders.errands`, by the name of the actor that runs it. It is there until the actor is
done. `errands_at` is no later than the earliest of them, so that one small index finds all orders with an errand
due.
"""

from datetime import datetime, timedelta

from storage.database import Database, Document, updated
from storage.records.orders import Errand, Order

#: How long the sweep leaves an errand alone before it sends its message again.
ERRAND_CHECK = timedelta(seconds=15)


def errand_update(errand: Errand, due_at: datetime) -> Document:
    """Return the update that adds an errand. The caller makes it part of the update that causes the errand."""
    return {"$set": {f"errands.{errand}": due_at}, "$min": {"errands_at": due_at}}


def errand_by(errand: Errand, due_at: datetime) -> Document:
    """Return the update that adds an errand, or has it run by then if it is to be run later."""
    return {"$set": {}, "$min": {f"errands.{errand}": due_at, "errands_at": due_at}}


async def add_errand(db: Database, order_id: str, errand: Errand, due_at: datetime) -> None:
    """Add an errand to an order. From `due_at` on the sweep sends its message."""
    await db.orders.update_one({"_id": order_id}, errand_update(errand, due_at))


async def open_errand(db: Database, order_id: str, errand: Errand, due_at: datetime) -> bool:
    """Add an errand that many callers may ask for at once. True for the first of them, until it is ended.

    From `due_at` on the sweep sends its message.
    """
    closed = {"_id": order_id, f"errands.{errand}": {"$exists": False}}
    return await updated(db.orders, closed, errand_update(errand, due_at))


async def delay_errand(db: Database, order_id: str, errand: Errand, until: datetime) -> None:
    """Put off an errand that is still to be run. The sweep sends its message again at `until`."""
    open_errand = {"_id": order_id, f"errands.{errand}": {"$exists": True}}
    await db.orders.update_one(open_errand, errand_update(errand, until))


async def settle_errand(db: Database, seen: Order, errand: Errand, again_at: datetime | None) -> None:
    """Set when an order's errand is to be run again. With None the errand is over.

    Nothing changes if the errand is not as it was seen, since a later request for it is still to be met.
    """
    field, due_at = f"errands.{errand}", seen["errands"].get(errand)
    if due_at is not None and due_at != again_at:
        update = errand_update(errand, again_at) if again_at else {"$unset": {field: ""}}
        await db.orders.update_one({"_id": seen["_id"], field: due_at}, update)


async def orders_with_errands(db: Database, now: datetime, limit: int) -> list[Order]:
    """Return id and errands of the orders with an errand that may be due, the longest overdue first."""
    due = {"errands_at": {"$lte": now}}
    return await db.orders.find(due, {"errands": 1}).sort("errands_at").limit(limit).to_list()


async def reschedule(db: Database, seen: Order, errands: dict[Errand, datetime]) -> bool:
    """Set when an order's errands are due. False if they have changed since they were seen."""
    still = {"_id": seen["_id"], "errands": seen["errands"]}
    update: Document = {"$unset": {"errands_at": ""}}
    if errands:
        update = {"$set": {"errands": errands, "errands_at": min(errands.values())}}
    return await updated(db.orders, still, update)
