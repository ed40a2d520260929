"""What bounds a report's work: the members of a set on it, each taken by a conditional update, never counted."""

from collections.abc import Sequence
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
async def reserve_slots(
    db: Database, report: str, slot: Slot, tokens: Sequence[str], bound: int, now: datetime
) -> bool:
    """T7: take some of `bound` slots at once; False if so many are not free, a pause holds, or one has one."""
    if len(tokens) > bound:
        return False
    free: dict[str, Any] = {
        "_id": report,
        **_RUNNING,
        f"slots.{slot}.{bound - len(tokens)}": {"$exists": False},
        f"slots.{slot}": {"$nin": list(tokens)},
        f"gap_until.{slot}": {"$not": {"$gt": now}},
    }
    taken = await db.reports.update_one(free, {"$push": {f"slots.{slot}": {"$each": list(tokens)}}})
    return taken.matched_count == 1


@translating
async def hand_over_slot(db: Database, report: str, slot: Slot, token: str, to: str, now: datetime) -> bool:
    """T13's pull and T7's push in one: False if it is not held, the other has one, or none may be queued."""
    held: dict[str, Any] = {
        "_id": report,
        **_RUNNING,
        f"slots.{slot}": {"$eq": token, "$nin": [to]},
        f"gap_until.{slot}": {"$not": {"$gt": now}},
    }
    update = {"$set": {f"slots.{slot}.$[mine]": to}}
    return (await db.reports.update_one(held, update, array_filters=[{"mine": token}])).matched_count == 1


@translating
async def free_slot(db: Database, report: str, slot: Slot, token: str, gap_until: datetime | None) -> None:
    """Give a slot back, and start the pause that the pace asks for after a call."""
    update: dict[str, Any] = {"$pull": {f"slots.{slot}": token}}
    if gap_until is not None:
        update["$max"] = {f"gap_until.{slot}": gap_until}
    await db.reports.update_one({"_id": report, f"slots.{slot}": token}, update)


@translating
async def pull_tokens(db: Database, report: str, slot: Slot, tokens: list[str]) -> None:
    """T15: take back exactly those slots, whose steps are settled or belong to an older run."""
    await db.reports.update_one({"_id": report}, {"$pullAll": {f"slots.{slot}": tokens}})


@translating
async def running_reports(db: Database) -> list[Document]:
    """Return the slots and replays of every report that is being made, for the sweep to heal."""
    fields = {"slots": 1, "run": 1, "plan": 1, "order": 1, "product": 1}
    return await db.reports.find({"state": "running", "stopped": False}, fields).to_list()
