"""One document a tenant with a limit: the reports that are in progress for it, a set that cannot drift."""

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from storage.database import Database, Document, translating
from storage.reports import CHECK_AFTER


@translating
async def take_place(db: Database, tenant: str, report: str, limit: int) -> bool:
    """T4: take one of a tenant's places for a report; False if none is free, or the report has one."""
    free = {"_id": tenant, f"reports.{limit - 1}": {"$exists": False}, "reports": {"$ne": report}}
    try:
        taken = await db.tenants.update_one(free, {"$push": {"reports": report}}, upsert=True)
    except DuplicateKeyError:  # the tenant is there, and not like that
        return False
    return taken.matched_count == 1 or taken.upserted_id is not None


@translating
async def leave_places(db: Database, tenant: str, reports: list[str]) -> None:
    """Give places back."""
    await db.tenants.update_one({"_id": tenant}, {"$pullAll": {"reports": reports}})


@translating
async def places_taken(db: Database) -> list[Document]:
    """Return the tenants that have reports in progress, with their ids."""
    return await db.tenants.find({"reports.0": {"$exists": True}}).to_list()


@translating
async def first_waiting(db: Database, tenant: str, limit: int) -> list[Document]:
    """Return the reports of a tenant that have waited longest to be begun."""
    waiting = {"state": "waiting", "tenant": tenant}
    return await db.reports.find(waiting).sort("queued_at").limit(limit).to_list()


@translating
async def tenants_waiting(db: Database) -> list[str]:
    """Return the tenants of which a report waits to be begun."""
    return sorted(await db.reports.distinct("tenant", {"state": "waiting"}))


@translating
async def admit_report(db: Database, report: str, message: str, now: datetime) -> bool:
    """T4: queue a report that has its place under that message id; who gets True sends it."""
    queued = {"state": "queued", "message": message, "check_at": now + CHECK_AFTER, "sends": 1}
    return (await db.reports.update_one({"_id": report, "state": "waiting"}, {"$set": queued})).matched_count == 1
