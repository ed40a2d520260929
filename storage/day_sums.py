"""Sums of money by UTC day: what orders paid on that day brought in, and what the calls made on it cost.

They are a copy, made anew from orders and ledger now and then: a month of orders is more than a page may wait for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from storage.costs import UNPRICED
from storage.database import Database, Document, aggregated
from storage.ledger import day_of
from storage.records.sums import DayCosts, DaySums, OrderCost, Takings

#: The time after a day's end when its costs are final: the last call is settled, or counts as possibly paid.
_SETTLED_AFTER = timedelta(hours=1)
#: The dearest orders of a day that are kept.
_DEAREST = 20


async def day_sums(db: Database, days: Sequence[str]) -> list[DaySums]:
    """Return the sums of some days, those that are there."""
    return await db.day_sums.find({"_id": {"$in": list(days)}}).to_list()


async def sum_day(db: Database, day: str, seen: DaySums | None, now: datetime) -> DaySums:
    """Sum a day up, and keep the sums. Safe to repeat.

    Costs that were final in the sums as `seen` stay as they are.
    """
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    end = begin + timedelta(days=1)
    sums: DaySums = {
        "_id": day,
        "as_of": now,
        "takings": await _takings(db, begin, end),
        "costs": [],
        "dearest": [],
        "final": now > end + _SETTLED_AFTER,
    }
    if seen and seen["final"]:
        sums["costs"], sums["dearest"] = seen["costs"], seen["dearest"]
    else:
        orders = await _order_costs(db, begin, end)
        sums["costs"] = _costs(orders)
        sums["dearest"] = sorted(orders, key=lambda one: one["usd"], reverse=True)[:_DEAREST]
    await db.day_sums.replace_one({"_id": day}, sums, upsert=True)
    return sums


def days_before(now: datetime, number: int) -> list[str]:
    """Return the last days up to now, the newest first."""
    return [day_of(now - timedelta(days=ago)) for ago in range(number)]


#: What was paid for an order; the price, where Stripe did not say more.
_PAID: Document = {"$ifNull": ["$amount_total", "$amount_subtotal"]}


async def _takings(db: Database, begin: datetime, end: datetime) -> list[Takings]:
    left = {"$subtract": [_PAID, "$amount_refunded"]}
    # Stripe takes the tax of what is refunded back from what is owed.
    owed = {"$round": {"$divide": [{"$multiply": ["$amount_tax", left]}, _PAID]}}
    is_taxed = {"$and": [{"$gt": ["$amount_tax", 0]}, {"$gt": [_PAID, 0]}]}
    going_back = {"$and": [{"$eq": ["$letter", "refund"]}, {"$not": ["$stopped"]}, {"$not": ["$refund_failed"]}]}
    sums: Document = {
        "orders": {"$sum": 1},
        "paid": {"$sum": _PAID},
        "tax": {"$sum": {"$toLong": {"$cond": [is_taxed, owed, 0]}}},
        "refunded": {"$sum": "$amount_refunded"},
        "refunds_pending": {"$sum": {"$cond": [going_back, left, 0]}},
        "refunds_failed": {"$sum": {"$cond": ["$refund_failed", left, 0]}},
        "disputed": {"$sum": {"$cond": [{"$and": ["$on_hold", {"$not": ["$dispute_lost"]}]}, left, 0]}},
        "lost": {"$sum": {"$cond": ["$dispute_lost", left, 0]}},
    }
    of = {name: f"${name}" for name in ("tenant", "product", "currency")}
    pipeline: list[Document] = [
        {"$match": {"paid_at": {"$gte": begin, "$lt": end}}},
        {"$group": {"_id": of, **sums}},
        {"$replaceWith": {"$mergeObjects": ["$$ROOT", "$_id"]}},
        {"$unset": "_id"},
    ]
    return cast("list[Takings]", await aggregated(db.orders, pipeline))


async def _order_costs(db: Database, begin: datetime, end: datetime) -> list[OrderCost]:
    """Return the costs of a day's calls by order. The ledger names reports, the order names the offer."""
    found_paid = {"$ifNull": ["$found.amount_total", "$found.amount_subtotal", None]}
    pipeline: list[Document] = [
        {"$match": {"opened_at": {"$gte": begin, "$lt": end}}},
        {
            "$group": {
                "_id": "$order",
                "tenant": {"$first": "$tenant"},
                "calls": {"$sum": 1},
                "unpriced": UNPRICED,
                "usd": {"$sum": "$cost_usd"},
            }
        },
        {"$lookup": {"from": "orders", "localField": "_id", "foreignField": "_id", "as": "found"}},
        {"$set": {"found": {"$first": "$found"}}},
        {
            "$project": {
                "_id": 0,
                "order": "$_id",
                **dict.fromkeys(("tenant", "calls", "unpriced", "usd"), 1),
                "product": {"$ifNull": ["$found.product", None]},
                "amount": {"$subtract": [found_paid, {"$ifNull": ["$found.amount_tax", 0]}]},
                "currency": {"$ifNull": ["$found.currency", None]},
            }
        },
    ]
    return cast("list[OrderCost]", await aggregated(db.ledger, pipeline))


def _costs(orders: Sequence[OrderCost]) -> list[DayCosts]:
    sums: dict[tuple[str, str | None], DayCosts] = {}
    for one in orders:
        zero: DayCosts = {
            "tenant": one["tenant"],
            "product": one["product"],
            "calls": 0,
            "unpriced": 0,
            "usd": 0.0,
        }
        total = sums.setdefault((one["tenant"], one["product"]), zero)
        total["calls"] += one["calls"]
        total["unpriced"] += one["unpriced"]
        total["usd"] += one["usd"]
    return list(sums.values())
