"""Groups of open dead letters by their cause, and the letters of some groups."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from storage.database import BY_ID, Database, Document, aggregated
from storage.order_state import amount_paid
from storage.records.mail import DeadLetter

#: The most open letters that are grouped. MongoDB reads them on an index alone.
_MOST = 100_000
#: How people call the group of letters of older versions, which kept no cause.
UNGROUPED = "none"
_WITHOUT_TEXTS = {"error": 0, "traceback": 0}


class DeadGroup(NamedTuple):
    """Open dead letters of one cause. Those of older versions are a group without a name."""

    group: str | None
    letters: int
    first_at: datetime
    last_at: datetime
    orders: list[str]
    #: One of them, which tells the cause.
    sample: DeadLetter


class Found(NamedTuple):
    """Dead letter that was found, and its order if it has one."""

    letter: str
    order: str | None


async def dead_groups(db: Database, limit: int) -> list[DeadGroup]:
    """Return the groups of open dead letters, the largest first."""
    counted: Document = {
        "_id": "$group",
        "letters": {"$sum": 1},
        "first_at": {"$min": "$at"},
        "last_at": {"$max": "$at"},
        "orders": {"$addToSet": "$order"},
    }
    pipeline: list[Document] = [{"$match": {"state": "open"}}, {"$limit": _MOST}, {"$group": counted}]
    groups = await aggregated(db.dead_letters, [*pipeline, {"$sort": {"letters": -1}}, {"$limit": limit}])
    samples = {group["_id"]: await _sample(db, group["_id"]) for group in groups}
    return [
        DeadGroup(one["_id"], one["letters"], one["first_at"], one["last_at"], _named(one["orders"]), sample)
        for one in groups
        if (sample := samples[one["_id"]])
    ]


async def _sample(db: Database, group: str | None) -> DeadLetter | None:
    """Return the newest letter of a group, None if all were closed meanwhile."""
    return await db.dead_letters.find_one({"state": "open", "group": group}, _WITHOUT_TEXTS, sort=[("at", -1)])


def _named(orders: list[str | None]) -> list[str]:
    return [order for order in orders if order is not None]


async def newest_of_group(db: Database, group: str | None, limit: int) -> list[DeadLetter]:
    """Return the newest open dead letters of a group, without their texts."""
    alike = db.dead_letters.find({"state": "open", "group": group}, _WITHOUT_TEXTS)
    return await alike.sort("at", -1).limit(limit).to_list()


async def letters_of_groups(
    db: Database, groups: Collection[str | None] | None, since: datetime | None, until: datetime | None, limit: int
) -> list[Found]:
    """Return the open dead letters of some groups, or of all, that died in [since, until), the oldest first."""
    within: Document = {"state": "open"}
    if groups is not None:
        within["group"] = {"$in": list(groups)}
    bounds = {"$gte": since, "$lt": until}
    if died := {bound: at for bound, at in bounds.items() if at is not None}:
        within["at"] = died
    found = db.dead_letters.find(within, {"order": 1}).sort("at").limit(limit)
    return [Found(letter["_id"], letter["order"]) async for letter in found]


async def sums_paid(db: Database, orders: Collection[str]) -> list[tuple[str, int, str]]:
    """Return what was paid for some orders: their ids, sums and currencies. Unpaid ones are left out."""
    paid = {"_id": {"$in": list(orders)}, "paid_at": {"$ne": None}, "amount_subtotal": {"$ne": None}}
    shown = ("amount_subtotal", "amount_total", "currency")
    found = await db.orders.find(paid, dict.fromkeys(shown, 1), hint=BY_ID).to_list()
    return [(one["_id"], amount_paid(one) or 0, one["currency"] or "") for one in found]


async def orders_of_tenant(db: Database, orders: Collection[str], tenant: str) -> set[str]:
    """Return those of some orders that a tenant sold."""
    found = db.orders.find({"_id": {"$in": list(orders)}, "tenant": tenant}, {"_id": 1})
    return {order["_id"] async for order in found}
