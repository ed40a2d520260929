"""Budgets of orders: the cost of their calls so far, and the pause for an operator once it is spent.

An order's `pause` is there from its first one on: its reason, whether it holds, its number, and the possible
cost of the call that was not made (None if unknown). Nothing is bought while it holds.
"""

from datetime import datetime
from typing import NamedTuple

from storage.costs import UNPRICED
from storage.database import Database, aggregated, updated
from storage.errands import ERRAND_CHECK, errand_update
from storage.records.orders import Order, Pause


class Spending(NamedTuple):
    """Cost of an order's calls, in US dollars.

    `spent_usd` is the cost of answered calls, and the most that calls may have cost which will not be answered
    any more. `in_air_usd` is the most that calls may cost which may still be answered. `unpriced` is the number
    of answers without a known price.
    """

    spent_usd: float
    in_air_usd: float
    unpriced: int


async def spending_of(db: Database, order_id: str, most_usd: float, in_air_since: datetime) -> Spending:
    """Return the cost of an order's calls. Those opened before `in_air_since` are answered no more.

    `most_usd` is the cost of a call that was opened without an estimate, before there was a budget.
    """
    estimate = {"$ifNull": ["$estimate_usd", most_usd]}
    is_open = {"$eq": ["$state", "open"]}
    in_air = {"$and": [is_open, {"$gte": ["$opened_at", in_air_since]}]}
    lost = {
        "$or": [
            {"$in": ["$outcome", ["timeout", "cut"]]},
            {"$and": [is_open, {"$lt": ["$opened_at", in_air_since]}]},
        ]
    }
    sums = {
        "spent_usd": {"$sum": {"$cond": [lost, estimate, {"$ifNull": ["$cost_usd", 0]}]}},
        "in_air_usd": {"$sum": {"$cond": [in_air, estimate, 0]}},
        "unpriced": UNPRICED,
    }
    for group in await aggregated(db.ledger, [{"$match": {"order": order_id}}, {"$group": {"_id": None, **sums}}]):
        # Sums of floats: a billionth of a dollar must not decide.
        return Spending(round(group["spent_usd"], 9), round(group["in_air_usd"], 9), group["unpriced"])
    return Spending(0.0, 0.0, 0)


def is_paused(order: Order) -> bool:
    """Return whether an order is paused: nothing is bought for it until an operator resumes it."""
    return bool(order.get("pause") and order["pause"]["holds"])


async def begin_pause(db: Database, seen: Order, reason: str, call_usd: float | None, now: datetime) -> bool:
    """Pause an order that was seen going on, with an errand to call an operator. False if it was paused since."""
    number = seen["pause"]["number"] if seen.get("pause") else None
    same = {"_id": seen["_id"], "pause.number": number, "pause.holds": {"$ne": True}}
    update = errand_update("heed_pause", now + ERRAND_CHECK)
    pause: Pause = {"reason": reason, "call_usd": call_usd, "holds": True, "number": (number or 0) + 1}
    update["$set"]["pause"] = pause
    return await updated(db.orders, same, update)


async def end_pause(db: Database, seen: Order, budget_usd: float | None, now: datetime) -> bool:
    """Resume an order that was seen paused, with an errand to set its work going. False if the pause has changed.

    `budget_usd` becomes the order's own budget, with infinity for none. None leaves the budget as it is.
    """
    update = errand_update("heed_pause", now + ERRAND_CHECK)
    update["$set"]["pause.holds"] = False
    if budget_usd is not None:
        update["$set"]["budget_usd"] = budget_usd
    pause = seen["pause"]
    as_seen = {"_id": seen["_id"], "pause.number": pause["number"], "pause.holds": pause["holds"]}
    return await updated(db.orders, as_seen, update)
