"""Slots, which bound a report's work: members of a set on it, taken by conditional updates, never counted."""

from datetime import datetime

from storage.database import Database, Document, updated
from storage.records.plans import Slot
from storage.records.work import Report

_RUNNING = {"state": "running", "stopped": False, "replay": None}


def slot_token(step_id: str, run: int) -> str:
    """Return the member that a step holds in a slot set. A replay's new run makes a new one."""
    return f"{step_id}@{run}"


async def swap_slots(
    db: Database, seen: Report, slots: dict[Slot, list[str]], gap_until: dict[Slot, datetime], *, queueing: bool
) -> bool:
    """Set a report's slot sets: settled steps give slots back and ready ones take them, in one update (T7, T13).

    False if one of the sets is not as seen any more. With `queueing`, False as well if no step may be queued.
    `gap_until` holds the ends of the pauses that the pace asks for after a call.
    """
    as_seen = {f"slots.{slot}": seen["slots"][slot] for slot in slots}
    update: Document = {"$set": {f"slots.{slot}": tokens for slot, tokens in slots.items()}}
    if gap_until:
        update["$max"] = {f"gap_until.{slot}": until for slot, until in gap_until.items()}
    still = {"_id": seen["_id"], **as_seen, **(_RUNNING if queueing else {})}
    return await updated(db.fleeting_reports, still, update)


def may_queue(report: Report, slot: Slot, now: datetime) -> bool:
    """Return whether a report's steps may take slots of a set. Whether one is free is not looked at (T7)."""
    running = report["state"] == "running" and not report["stopped"] and report["replay"] is None
    return running and report["gap_until"].get(slot, now) <= now


async def pull_tokens(db: Database, report: str, slot: Slot, tokens: list[str]) -> None:
    """Take back exactly those slots, whose steps are settled or belong to an older run (T15)."""
    await db.reports.update_one({"_id": report}, {"$pullAll": {f"slots.{slot}": tokens}})


async def running_reports(db: Database, after: str, limit: int) -> list[Report]:
    """Return the running reports with the next ids after that one, for the sweep to heal."""
    running = {"state": "running", "stopped": False, "_id": {"$gt": after}}
    return await db.reports.find(running).sort("_id").limit(limit).to_list()
