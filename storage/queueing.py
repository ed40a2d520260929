"""Messages of steps, known by their names here and in the broker.

A message stands for one step, or for a batch: chapters of one report that were ready together. It is named after
the first step of the batch, and each step of the batch keeps the list.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from storage.database import BY_ID, Database, Document, update_all, updated
from storage.grouping import grouped, ids_of
from storage.indexes import STEPS_BY_REPORT
from storage.records.plans import Slot
from storage.records.work import Step
from storage.reports import CHECK_AFTER, patience_with
from storage.steps import overdue

Batch = Sequence[Step]


async def queue_batches(db: Database, batches: Sequence[Batch], now: datetime) -> str:
    """Mark the ready ones of a report's steps as queued. Returns the message that they are under (T8)."""
    message = new_message()
    alone = [batch[0] for batch in batches if len(batch) == 1]
    await _queue(db, alone, {"$set": _under(message, now), "$unset": {"batch": ""}}, now)
    for batch in batches:
        if len(batch) > 1:
            shared = {"batch": ids_of(batch)}
            await _queue(db, batch, {"$set": _under(message, now) | shared}, now)
    return message


async def _queue(db: Database, steps: Sequence[Step], update: Document, now: datetime) -> None:
    for run, alike in grouped(steps, lambda step: step["run"]).items():
        ready = {"_id": {"$in": ids_of(alike)}, "state": "ready", "run": run, "due_at": {"$lte": now}}
        await update_all(db.fleeting_steps, ready, {**update, "$inc": {"sends": 1}})


async def make_due(db: Database, seen: Step, epoch: int, now: datetime) -> None:
    """Let a step that was released at that epoch be queued from now on: what it failed at works again (T8)."""
    released = {"_id": seen["_id"], "state": "ready", "run": seen["run"], "epoch": epoch}
    await db.steps.update_one(released, {"$min": {"due_at": now}})


def mark_queued(step: Step, message: str, now: datetime) -> None:
    """Make a step one that is inserted as queued. The update that starts its report takes its slot."""
    step |= {"state": "queued", "message": message, "due_at": now + CHECK_AFTER, "queued_at": now, "sends": 1}


def _under(message: str, now: datetime) -> Document:
    return {"state": "queued", "message": message, "due_at": now + CHECK_AFTER, "queued_at": now}


def new_message() -> str:
    """Return a name for a message. Steps that are queued together share one."""
    return uuid.uuid4().hex


def message_id(step_id: str, message: str) -> str:
    """Return the broker's id of the message that is named after a step."""
    return f"{message}:{step_id}"


def message_of(queued: Step) -> str:
    """Return the broker's id of the message that a queued step is under."""
    return message_id(_first_of(queued), queued["message"])


def is_first(step: Step) -> bool:
    """Return whether a step is alone or the first of its batch, and so holds a slot of its own."""
    return _first_of(step) == step["_id"]


def _first_of(step: Step) -> str:
    return step.get("batch", [step["_id"]])[0]


def others_in_batch(first: Step) -> list[str]:
    """Return the ids of the other steps in the message of the first step of a batch."""
    return [one for one in first.get("batch", []) if one != first["_id"]]


async def requeue_step(db: Database, seen: Step, message: str, now: datetime, *, counted: bool = True) -> bool:
    """Put a queued step under a new message id. True means that the caller must send the message (T9).

    With `counted`, the send is among those after which no worker is expected to claim the step.
    """
    backoff = CHECK_AFTER * min(2 ** min(seen["sends"], 10), 12)
    still = {"_id": seen["_id"], "state": "queued", "message": seen["message"]}
    queued = {"message": message, "due_at": now + backoff, "queued_at": now}
    update = {"$set": queued, "$inc": {"sends": int(counted)}, "$unset": {"batch": ""}}
    return await updated(db.steps, still, update)


async def keep_queued(db: Database, steps: Sequence[Step], now: datetime) -> None:
    """Leave queued steps alone for a while longer, since the broker holds their messages."""
    for patience, alike in grouped(steps, lambda step: patience_with(step, now)).items():
        still = {"_id": {"$in": ids_of(alike)}, "state": "queued"}
        await db.steps.update_many(still, {"$set": {"due_at": now + patience}}, hint=BY_ID)


async def park_step(db: Database, step: str, until: datetime) -> None:
    """Leave a queued step of a stopped order where it is, if it is put off until then. It is sent no more."""
    still = {"_id": step, "state": "queued", "due_at": until}
    await db.steps.update_one(still, {"$unset": {"due_at": ""}})


async def unpark_steps(db: Database, reports: Sequence[str], now: datetime) -> None:
    """Let the sweep look at once at those reports' queued steps: parked, or about to be, or neither."""
    queued = {"report": {"$in": list(reports)}, "slot": {"$in": get_args(Slot)}, "state": "queued"}
    await db.steps.update_many(queued, {"$set": {"due_at": now}}, hint=STEPS_BY_REPORT)


async def overdue_messages(db: Database, now: datetime, limit: int) -> list[Step]:
    """Return queued steps whose message should have been taken by now, the longest overdue first."""
    return await db.steps.find(overdue("queued", now)).sort("due_at").limit(limit).to_list()


async def steps_of_messages(db: Database, message_ids: Sequence[str]) -> list[Step]:
    """Return the queued steps under those messages, by the broker's ids. Other messages' steps are left out."""
    named = {step for _, _, step in (one.partition(":") for one in message_ids) if step}
    firsts = await db.steps.find({"_id": {"$in": list(named)}}, {"batch": 1}, hint=BY_ID).to_list()
    ids = named.union(*map(others_in_batch, firsts))
    queued = db.steps.find({"_id": {"$in": list(ids)}, "state": "queued"}, hint=BY_ID)
    return [step for step in await queued.to_list() if message_of(step) in message_ids]
