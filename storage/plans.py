"""Plans by content: a report keeps the plan it was begun with, even if another is deployed meanwhile."""

from storage.database import Database, insert_once
from storage.records.plans import Plan


async def keep_plan(db: Database, plan: Plan) -> None:
    """Keep a plan under its id, which names its content. Safe to repeat."""
    await insert_once(db.plans, plan)


async def find_plan(db: Database, plan_id: str) -> Plan | None:
    """Return the plan, or None."""
    return await db.plans.find_one({"_id": plan_id})
