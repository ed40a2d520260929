"""What must be seen to about an order: durable intents, for which the sweep sends messages again.

An errand is a time in `orders.errands`, by the name of the actor that runs it; it is there until that is done.
`errands_at` is no later than the earliest of them, so that one small index finds whatever is due.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

from storage.database import Database, Document, translating

Errand = Literal[
    "confirm_order",
    "complete_order",
    "check_promise",
    "tell_failure",
    "refund_order",
    "resend_reports",
    "ask_details",
    "end_patience",
    "identify_order",
    "start_order",
    "resume_replay",
    "reprint_reports",
    "heed_pause",
    "forget_order",
]

#: How long the sweep leaves an errand alone before it sends its message again.
ERRAND_CHECK = timedelta(seconds=15)


def errand_update(errand: Errand, due_at: datetime) -> dict[str, Any]:
    """Return the update that writes an errand down, to be part of the one that causes it."""
    return {"$set": {f"errands.{errand}": due_at}, "$min": {"errands_at": due_at}}


@translating
async def add_errand(db: Database, order_id: str, errand: Errand, due_at: datetime) -> None:
    """Write down that an errand must be run; from `due_at` on the sweep sends its message."""
    await db.orders.update_one({"_id": order_id}, errand_update(errand, due_at))


@translating
async def open_errand(db: Database, order_id: str, errand: Errand, due_at: datetime) -> bool:
    """As `add_errand`, for what many may ask for at once: True for the first of them, until it is ended."""
    closed = {"_id": order_id, f"errands.{errand}": {"$exists": False}}
    return (await db.orders.update_one(closed, errand_update(errand, due_at))).matched_count == 1


@translating
async def delay_errand(db: Database, order_id: str, errand: Errand, until: datetime) -> None:
    """Let the sweep ask for an errand again then, if it is still to be run."""
    open_errand = {"_id": order_id, f"errands.{errand}": {"$exists": True}}
    await db.orders.update_one(open_errand, errand_update(errand, until))


@translating
async def settle_errand(db: Database, seen: Document, errand: Errand, again_at: datetime | None) -> None:
    """Note when an errand of an order is to be run again, or with None that it is over.

    Only if it is as it was seen: what was asked for anew since is still to be done.
    """
    field, due_at = f"errands.{errand}", seen["errands"].get(errand)
    if due_at is not None and due_at != again_at:
        update = errand_update(errand, again_at) if again_at else {"$unset": {field: ""}}
        await db.orders.update_one({"_id": seen["_id"], field: due_at}, update)


@translating
async def orders_with_errands(db: Database, now: datetime, limit: int) -> list[Document]:
    """Return id and errands of orders of which one may be due, the longest overdue first."""
    due = {"errands_at": {"$lte": now}}
    return await db.orders.find(due, {"errands": 1}).sort("errands_at").limit(limit).to_list()


@translating
async def reschedule(db: Database, seen: Document, errands: dict[str, datetime]) -> bool:
    """Set when an order's errands are due, if nobody has changed them since they were seen."""
    still = {"_id": seen["_id"], "errands": seen["errands"]}
    update: dict[str, Any] = {"$unset": {"errands_at": ""}}
    if errands:
        update = {"$set": {"errands": errands, "errands_at": min(errands.values())}}
    return (await db.orders.update_one(still, update)).matched_count == 1
