"""Tenants with a limit: one document each, whose set of reports in progress cannot drift."""

from datetime import datetime

from storage.database import Database, KeyIsTaken, updated
from storage.records.work import Report, TenantPlaces
from storage.reports import CHECK_AFTER


async def take_place(db: Database, tenant: str, report: str, limit: int) -> bool:
    """Take one of a tenant's places for a report. False if none is free, or the report has one (T4)."""
    free = {"_id": tenant, f"reports.{limit - 1}": {"$exists": False}, "reports": {"$ne": report}}
    try:
        taken = await db.tenants.update_one(free, {"$push": {"reports": report}}, upsert=True)
    except KeyIsTaken:  # the tenant is there, but does not match
        return False
    return taken.matched_count == 1 or taken.upserted_id is not None


async def leave_places(db: Database, tenant: str, reports: list[str]) -> None:
    """Give back the places of those reports."""
    await db.tenants.update_one({"_id": tenant}, {"$pullAll": {"reports": reports}})


async def places_taken(db: Database) -> list[TenantPlaces]:
    """Return the tenants that have reports in progress, with the reports' ids."""
    return await db.tenants.find({"reports.0": {"$exists": True}}).to_list()


async def first_waiting(db: Database, tenant: str, limit: int) -> list[Report]:
    """Return the reports of a tenant that have waited longest to be begun."""
    waiting = {"state": "waiting", "tenant": tenant}
    return await db.reports.find(waiting).sort("queued_at").limit(limit).to_list()


async def tenants_waiting(db: Database) -> list[str]:
    """Return the tenants that have a report waiting to be begun."""
    return sorted(await db.reports.distinct("tenant", {"state": "waiting"}))


async def admit_report(db: Database, report: str, message: str, now: datetime) -> bool:
    """Queue a report that has its place, under that message id. True means that the caller must send it (T4)."""
    queued = {"state": "queued", "message": message, "check_at": now + CHECK_AFTER, "sends": 1}
    return await updated(db.reports, {"_id": report, "state": "waiting"}, {"$set": queued})
