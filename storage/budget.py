"""A budget an order: what its calls came to so far, and the pause that waits for an operator once it is spent.

An order's `pause` is there from its first one on: its reason, whether it holds, which one it is, and what the call
may cost that was not made (None: nobody knows). Nothing is bought while it holds.
"""

from datetime import datetime
from typing import Any, NamedTuple

from storage.database import Database, Document, translating
from storage.errands import ERRAND_CHECK, errand_update


class Spending(NamedTuple):
    """What an order's calls came to, in US dollars.

    `spent_usd` is what answered calls cost, and what those may have cost that nobody answers any more, at most.
    Those that may still be answered are `in_air_usd`, at most; `unpriced` answers have no known price.
    """

    spent_usd: float
    in_air_usd: float
    unpriced: int


@translating
async def spending_of(db: Database, order_id: str, most_usd: float, in_air_since: datetime) -> Spending:
    """Return what an order's calls came to; those opened before `in_air_since` are answered no more.

    `most_usd` is what a call counts for that was opened without an estimate: before there was a budget.
    """
    estimate = {"$ifNull": ["$estimate_usd", most_usd]}
    is_open, answered = {"$eq": ["$state", "open"]}, {"$gt": ["$usage", None]}
    in_air = {"$and": [is_open, {"$gte": ["$opened_at", in_air_since]}]}
    lost = {"$or": [{"$eq": ["$outcome", "timeout"]}, {"$and": [is_open, {"$lt": ["$opened_at", in_air_since]}]}]}
    unpriced = {"$and": [answered, {"$not": [{"$gt": ["$cost_usd", None]}]}]}
    sums = {
        "spent_usd": {"$sum": {"$cond": [lost, estimate, {"$ifNull": ["$cost_usd", 0]}]}},
        "in_air_usd": {"$sum": {"$cond": [in_air, estimate, 0]}},
        "unpriced": {"$sum": {"$cond": [unpriced, 1, 0]}},
    }
    groups = await db.ledger.aggregate([{"$match": {"order": order_id}}, {"$group": {"_id": None, **sums}}])
    for group in await groups.to_list():
        # Sums of floats: a billionth of a dollar must not decide.
        return Spending(round(group["spent_usd"], 9), round(group["in_air_usd"], 9), group["unpriced"])
    return Spending(0.0, 0.0, 0)


def is_paused(order: Document) -> bool:
    """Return whether nothing is to be bought for an order until an operator resumes it."""
    return bool(order.get("pause") and order["pause"]["holds"])


@translating
async def begin_pause(db: Database, seen: Document, reason: str, call_usd: float | None, now: datetime) -> bool:
    """Pause an order that was seen going on, with an errand to call an operator; False if it was paused since."""
    number = seen["pause"]["number"] if seen.get("pause") else None
    same = {"_id": seen["_id"], "pause.number": number, "pause.holds": {"$ne": True}}
    update = errand_update("heed_pause", now + ERRAND_CHECK)
    pause = {"reason": reason, "call_usd": call_usd, "holds": True, "number": (number or 0) + 1}
    update["$set"]["pause"] = pause
    return (await db.orders.update_one(same, update)).matched_count == 1


@translating
async def end_pause(db: Database, seen: Document, budget_usd: float | None, now: datetime) -> bool:
    """Let an order that was seen paused go on, with an errand to set its work going; False if somebody has.

    `budget_usd` becomes its own budget, infinity standing for none; None leaves what holds.
    """
    update: dict[str, Any] = errand_update("heed_pause", now + ERRAND_CHECK)
    update["$set"]["pause.holds"] = False
    if budget_usd is not None:
        update["$set"]["budget_usd"] = budget_usd
    pause = seen["pause"]
    as_seen = {"_id": seen["_id"], "pause.number": pause["number"], "pause.holds": pause["holds"]}
    return (await db.orders.update_one(as_seen, update)).matched_count == 1
