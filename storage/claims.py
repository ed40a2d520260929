"""Claims on steps: the transitions by which a step is claimed, fenced, completed, given back or given up."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pymongo import ReturnDocument

from storage.database import BY_ID, Database, Document, exists, update_all, updated
from storage.queueing import others_in_batch
from storage.records.work import Step, StepResult
from storage.reports import CHECK_AFTER
from storage.steps import overdue


async def claim_step(
    db: Database,
    step_id: str,
    worker: str,
    formats: Sequence[int],
    until: datetime,
    *,
    most_kills: int | None = None,
) -> Step | None:
    """Claim a queued step, if its plan format is known. Returns it as claimed, or None (T10).

    If `most_kills` is given, a step that took more processes with it is left.
    """
    free: Document = {"_id": step_id, "state": "queued", "format": {"$in": list(formats)}}
    if most_kills is not None:
        free["kills"] = {"$lte": most_kills}
    update = _claimed(worker, uuid.uuid4().hex, until)
    return await db.fleeting_steps.find_one_and_update(free, update, return_document=ReturnDocument.AFTER)


async def claim_others(db: Database, first: Step, worker: str, until: datetime) -> list[Step]:
    """Claim the steps in the message of a step that this worker has claimed. Returns them as claimed (T10)."""
    others = others_in_batch(first)
    if not others:
        return []
    token = uuid.uuid4().hex
    still = {"_id": {"$in": others}, "state": "queued", "message": first["message"], "format": first["format"]}
    await update_all(db.fleeting_steps, still, _claimed(worker, token, until))
    # A step without our token was claimed by another worker meanwhile, or sent anew.
    return await db.steps.find({"_id": {"$in": others}, "claim.token": token}, hint=BY_ID).to_list()


def _claimed(worker: str, token: str, until: datetime) -> Document:
    claimed = {"state": "claimed", "claim": {"worker": worker, "token": token}, "due_at": until, "sends": 0}
    return {"$set": claimed, "$inc": {"epoch": 1}}


async def fence_step(db: Database, step: Step, epoch: int, until: datetime) -> bool:
    """Renew the claim of a step right before a purchase. False if the claim was lost meanwhile (T11).

    True as well when this very renewal was written before and its answer was lost.
    """
    if step["claim"] is None:
        return False
    mine = {"_id": step["_id"], "state": "claimed", "claim.token": step["claim"]["token"]}
    update = {"$set": {"due_at": until}, "$inc": {"epoch": 1, "attempts": 1}}
    held, renewed = {**mine, "epoch": epoch}, {**mine, "epoch": epoch + 1}
    return await updated(db.steps, held, update) or await exists(db.steps, renewed)


async def complete_step(db: Database, step: Step, epoch: int, result: StepResult, now: datetime) -> bool:
    """Checkpoint a step's result. A late one counts as long as the step is not claimed again (T13).

    True as well when this very completion was written before and its answer was lost. False if the result is
    dropped.
    """
    mine = {"_id": step["_id"], "run": step["run"], "epoch": epoch}
    done = {"state": "done", "result": result, "done_at": now, "due_at": now, "advanced": False, "claim": None}
    held = {**mine, "state": {"$in": ["claimed", "queued"]}}
    return await updated(db.steps, held, {"$set": done}) or await exists(db.steps, {**mine, "state": "done"})


class Failure(NamedTuple):
    """Failures of a step with nothing but failures between them: how many times, since when, and the last."""

    times: int
    since: datetime
    at: datetime


async def release_step(
    db: Database, step_id: str, epoch: int, due_at: datetime, failure: Failure | None = None
) -> bool:
    """Give a claimed step back, to be queued when it is due. Its slot is kept. False if the claim was lost (T14).

    True as well when this very release was written before and its answer was lost. Without a failure, its worker
    stops or waits for an account. What only fails is given up after some time.
    """
    update: Document = {"state": "ready", "due_at": due_at, "claim": None}
    if failure is not None:
        update |= {"fails": failure.times, "failing_since": failure.since, "failed_at": failure.at}
    mine = {"_id": step_id, "state": "claimed", "epoch": epoch}
    return await updated(db.steps, mine, {"$set": update}) or await exists(db.steps, {**mine, "state": "ready"})


async def expire_step(db: Database, seen: Step, message: str, now: datetime, *, kills: int = 1) -> bool:
    """Requeue a step whose holder is dead or late. True means that the caller must send its message (T14x).

    `kills` is 0 if the step surely did not kill its holder.
    """
    still = {"_id": seen["_id"], "state": "claimed", "epoch": seen["epoch"]}
    queued = {"state": "queued", "claim": None, "message": message, "due_at": now + CHECK_AFTER, "queued_at": now}
    update = {"$set": queued, "$inc": {"kills": kills, "sends": 1}, "$unset": {"batch": ""}}
    return await updated(db.steps, still, update)


async def kill_step(
    db: Database, seen: Step, epoch: int, reason: str, traceback: str, now: datetime, *, error: str | None = None
) -> bool:
    """Mark a step dead until an operator replays it: at the limit of kills, or if it cannot work (T14x).

    False if it is not as seen any more. `reason` quotes nothing; `error`, for the dead letter alone, may.
    """
    still = {"_id": seen["_id"], "state": {"$in": ["claimed", "queued"]}, "epoch": epoch}
    facts = {"reason": reason, "error": error or reason, "traceback": traceback, "done_at": now, "due_at": now}
    dead = {"state": "dead", "advanced": False, "claim": None, **facts}
    return await updated(db.steps, still, {"$set": dead, "$inc": {"epoch": 1}})


async def claims_of(db: Database, worker: str) -> list[Step]:
    """Return the steps that a worker holds according to MongoDB."""
    return await db.steps.find({"state": "claimed", "claim.worker": worker}).to_list()


async def lapsed_claims(db: Database, now: datetime, limit: int) -> list[Step]:
    """Return claimed steps whose time is over by more than the 5 s by which clocks may differ."""
    return await db.steps.find(overdue("claimed", now - timedelta(seconds=5))).limit(limit).to_list()
