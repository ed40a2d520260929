"""What the mail worker must see to about an order: durable intents, for which the sweep sends messages again.

An errand is a time in `orders.errands`, by the name of the actor that runs it; it is there until that is done.
"""

from datetime import datetime, timedelta
from typing import Literal, get_args

from storage.database import Database, Document, translating

Errand = Literal["complete_order", "ask_details", "identify_order", "start_order"]
ERRANDS: tuple[Errand, ...] = get_args(Errand)

#: How long the sweep leaves an errand alone before it sends its message again.
ERRAND_CHECK = timedelta(seconds=15)
#: What an order must not be for its letter to be sent.
_HELD_BACK = {"on_hold": False, "stopped": False, "replaying": {"$ne": True}}


@translating
async def add_errand(db: Database, order_id: str, errand: Errand, now: datetime) -> None:
    """Write down that an errand must be run; who does sends its message, the sweep does after a while."""
    await db.orders.update_one({"_id": order_id}, {"$set": {f"errands.{errand}": now + ERRAND_CHECK}})


@translating
async def due_errands(db: Database, errand: Errand, now: datetime, limit: int) -> list[Document]:
    """Return orders about which an errand should have been run by now."""
    query = {f"errands.{errand}": {"$lte": now}} | (_HELD_BACK if errand == "complete_order" else {})
    return await db.orders.find(query, {"_id": 1}).limit(limit).to_list()


@translating
async def delay_errand(db: Database, order_id: str, errand: Errand, until: datetime) -> None:
    """Let the sweep ask for an errand again then, if it is not run before."""
    field = f"errands.{errand}"
    await db.orders.update_one({"_id": order_id, field: {"$exists": True}}, {"$set": {field: until}})


@translating
async def end_errand(db: Database, order_id: str, errand: Errand) -> None:
    """Ask for an errand no more."""
    await db.orders.update_one({"_id": order_id}, {"$unset": {f"errands.{errand}": ""}})
