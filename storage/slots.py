"""What bounds a report's work: the members of a set on it, each taken by a conditional update, never counted."""

from datetime import datetime
from typing import Any, Literal

from storage.database import Database, Document, translating

#: LLM calls have one set; what our own machines bound has the other.
Slot = Literal["write", "render"]

_RUNNING = {"state": "running", "stopped": False, "replay": None}


def slot_token(step_id: str, run: int) -> str:
    """Return the member that a step holds in a slot set; a replay's new run makes a new one."""
    return f"{step_id}@{run}"


@translating
async def swap_slots(
    db: Database, seen: Document, slots: dict[Slot, list[str]], gap_until: dict[Slot, datetime], *, queueing: bool
) -> bool:
    """T13's pull and T7's push in one: the sets of a report that was seen become these.

    False if one of them is not as seen any more; or, with `queueing`, if no step may be queued. `gap_until` says
    when the pauses end that the pace asks for after a call.
    """
    as_seen = {f"slots.{slot}": seen["slots"][slot] for slot in slots}
    update: dict[str, Any] = {"$set": {f"slots.{slot}": tokens for slot, tokens in slots.items()}}
    if gap_until:
        update["$max"] = {f"gap_until.{slot}": until for slot, until in gap_until.items()}
    still = {"_id": seen["_id"], **as_seen, **(_RUNNING if queueing else {})}
    return (await db.fleeting_reports.update_one(still, update)).matched_count == 1


def may_queue(report: Document, slot: Slot, now: datetime) -> bool:
    """Return whether steps of a report may take free slots of a set: T7's conditions but for the room."""
    running = all(report[fact] == value for fact, value in _RUNNING.items())
    return running and not (slot in report["gap_until"] and report["gap_until"][slot] > now)


@translating
async def pull_tokens(db: Database, report: str, slot: Slot, tokens: list[str]) -> None:
    """T15: take back exactly those slots, whose steps are settled or belong to an older run."""
    await db.reports.update_one({"_id": report}, {"$pullAll": {f"slots.{slot}": tokens}})


@translating
async def running_reports(db: Database, after: str, limit: int) -> list[Document]:
    """Return the slots and plans of reports that are being made, those of the next ids, for the sweep to heal."""
    running = {"state": "running", "stopped": False, "_id": {"$gt": after}}
    return await db.reports.find(running, {"slots": 1, "plan": 1}).sort("_id").limit(limit).to_list()
