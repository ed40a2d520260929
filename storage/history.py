"""Records of an order that say how it went, for its timeline."""

from collections.abc import Sequence

from storage.database import Database
from storage.records.mail import DeadLetter
from storage.records.orders import Event, Order
from storage.records.work import Step
from storage.reports import report_ids

#: Of one order, the most records of a kind.
_MOST = 500


async def events_about(db: Database, about: Sequence[str]) -> list[Event]:
    """Return Stripe's events about those sessions and payments, without their bodies."""
    return await db.events.find({"about": {"$in": list(about)}}, {"raw": 0}).limit(_MOST).to_list()


async def steps_at_a_glance(db: Database, order: Order) -> list[Step]:
    """Return the steps of an order in plan order, with their states and troubles, and without their texts."""
    fields = ("product", "kind", "key", "seq", "state", "fails", "failed_at", "kills", "done_at")
    found = db.steps.find({"report": {"$in": report_ids(order)}}, dict.fromkeys(fields, 1))
    return sorted(await found.to_list(), key=lambda step: step["seq"])


async def deaths_of(db: Database, order_id: str) -> list[DeadLetter]:
    """Return the dead letters of an order, open and closed, the newest first."""
    return await db.dead_letters.find({"order": order_id}).sort("at", -1).limit(_MOST).to_list()
