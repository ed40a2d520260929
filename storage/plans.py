"""Plans by content: what a report was sold with, whatever is deployed before it is finished."""

from pymongo.errors import DuplicateKeyError

from storage.database import Database, Document, translating


@translating
async def keep_plan(db: Database, plan: Document) -> None:
    """Keep a plan under its id, which names its content; keeping it twice changes nothing."""
    try:
        await db.plans.insert_one(plan)
    except DuplicateKeyError:
        return


@translating
async def find_plan(db: Database, plan_id: str) -> Document | None:
    """Return the plan, or None."""
    return await db.plans.find_one({"_id": plan_id})
