"""Pauses of the work of a product, a tenant or the LLM's provider, and the work that they put off.

Work that a pause holds back stays queued, and is due at the pause's end: from then on the sweep sends it again. So
nothing has to be done at the end, and nothing is lost with whoever should have done it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from storage.database import BY_ID, Database, Document, updated
from storage.grouping import ids_of
from storage.records.work import Report, WorkPause
from storage.reports import CHECK_AFTER

#: The subject of a pause of all calls.
PROVIDER = "provider"
#: Messages that no pause holds back are looked for sooner than this.
_ORDINARY = CHECK_AFTER * 12
#: Machines' clocks differ by less.
_CLOCKS = timedelta(seconds=10)


async def find_work_pauses(db: Database) -> list[WorkPause]:
    """Return all pauses: those that hold, and those whose work is still to be woken."""
    return await db.work_pauses.find().to_list()


async def keep_work_pause(db: Database, pause: WorkPause) -> None:
    """Begin a pause, or give the one of that subject another end."""
    await db.work_pauses.replace_one({"_id": pause["_id"]}, pause, upsert=True)


async def end_work_pause(db: Database, subject: str, now: datetime) -> bool:
    """End a pause before its time. False if none holds."""
    holds = {"_id": subject, "until": {"$gt": now}}
    return await updated(db.work_pauses, holds, {"$set": {"until": now}})


async def drop_work_pause(db: Database, subject: str, now: datetime) -> None:
    """Forget a pause that is over by every machine's clock, unless it was begun anew."""
    await db.work_pauses.delete_one({"_id": subject, "until": {"$lte": now - _CLOCKS}})


def holding(pauses: Iterable[WorkPause], product: str, tenant: str, kind: str, now: datetime) -> WorkPause | None:
    """Return the pause that holds work of such a kind back for longest. None if none does.

    One of the provider holds back sections alone: what is written is still set and bound.
    """
    subjects = {f"product:{product}", f"tenant:{tenant}", *([PROVIDER] if kind == "write" else [])}
    held = [pause for pause in pauses if pause["_id"] in subjects and pause["until"] > now]
    return max(held, key=lambda pause: pause["until"], default=None)


async def put_off_step(db: Database, step: str, until: datetime) -> None:
    """Leave a queued step until then. A worker was there, so that its sends count for nothing."""
    await db.steps.update_one({"_id": step, "state": "queued"}, {"$set": {"due_at": until, "sends": 0}})


async def put_off_report(db: Database, report: str, until: datetime) -> None:
    """Leave a report that is to be begun until then."""
    await db.reports.update_one({"_id": report, "state": "queued"}, {"$set": {"check_at": until, "sends": 0}})


async def wake_put_off(db: Database, ended: WorkPause, now: datetime, limit: int) -> bool:
    """Make some of the work due that an ended pause put off. False if there was none left.

    What was sent again since its end is left: another pause holds it.
    """
    before: Document = {"queued_at": {"$lt": ended["until"] + _CLOCKS}, **_of(ended["_id"])}
    late = {"$gt": now + _ORDINARY}
    steps = db.steps.find({"state": "queued", "due_at": late, **before}, {"_id": 1}).limit(limit)
    reports = db.reports.find({"state": "queued", "check_at": late, **before}, {"_id": 1}).limit(limit)
    step_ids, report_ids = [ids_of(await found.to_list()) for found in (steps, reports)]
    if step_ids:
        still = {"_id": {"$in": step_ids}, "state": "queued"}
        await db.steps.update_many(still, {"$set": {"due_at": now}}, hint=BY_ID)
    if report_ids:
        still = {"_id": {"$in": report_ids}, "state": "queued"}
        await db.reports.update_many(still, {"$set": {"check_at": now}}, hint=BY_ID)
    return bool(step_ids or report_ids)


async def unfinished_reports(db: Database, subject: str, limit: int) -> list[Report]:
    """Return reports of a subject that are not made yet, so many of each state at most: id, order and product."""
    found: list[Report] = []
    for state in (
        {"state": "running", "stopped": False},
        {"state": "queued", "check_at": {"$exists": True}},
        {"state": "waiting"},
    ):
        shown = db.reports.find({**state, **_of(subject)}, {"order": 1, "product": 1})
        found += await shown.limit(limit).to_list()
    return found


def _of(subject: str) -> dict[str, str]:
    """Return the filter of a subject's work."""
    field, _, name = subject.partition(":")
    return {field: name} if name else {}
