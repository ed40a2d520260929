"""The holders of steps: the transitions by which a step is claimed, fenced, completed, given back or given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from storage.database import Database, Document, translating
from storage.reports import CHECK_AFTER


@translating
async def claim_step(
    db: Database, seen: Document, worker: str, token: str, formats: Sequence[int], until: datetime
) -> Document | None:
    """T10: take a step that was seen queued, if its plan format is known; return it as claimed, or None."""
    claim = {"worker": worker, "token": token}
    still = {"_id": seen["_id"], "state": "queued", "epoch": seen["epoch"], "format": {"$in": list(formats)}}
    taken = await db.steps.update_one(
        still, {"$set": {"state": "claimed", "claim": claim, "due_at": until, "sends": 0}, "$inc": {"epoch": 1}}
    )
    if not taken.matched_count:
        return None
    return {**seen, "state": "claimed", "claim": claim, "epoch": seen["epoch"] + 1}


@translating
async def fence_step(db: Database, step_id: str, epoch: int, until: datetime) -> bool:
    """T11: renew the claim right before something is bought; False if it was lost meanwhile."""
    mine = {"_id": step_id, "state": "claimed", "epoch": epoch}
    update = {"$set": {"due_at": until}, "$inc": {"epoch": 1, "attempts": 1}}
    return (await db.steps.update_one(mine, update)).matched_count == 1


@translating
async def complete_step(db: Database, step: Document, epoch: int, result: Document, now: datetime) -> bool:
    """T13: checkpoint the result, late too as long as nobody has claimed the step again.

    True as well when this very completion was written before and its answer was lost.
    """
    mine = {"_id": step["_id"], "run": step["run"], "epoch": epoch}
    done = {"state": "done", "result": result, "done_at": now, "due_at": now, "advanced": False, "claim": None}
    held = await db.steps.update_one({**mine, "state": {"$in": ["claimed", "queued"]}}, {"$set": done})
    return held.matched_count == 1 or await db.steps.count_documents({**mine, "state": "done"}) == 1


@translating
async def release_step(
    db: Database, step_id: str, epoch: int, due_at: datetime, *, failed_at: datetime | None
) -> bool:
    """T14: give a claimed step back, to be queued when it is due; its slot is kept.

    `failed_at` is when it failed: it counts as a failure, and the first one starts the time until it is given up.
    None for a worker that stops: that is nobody's failure.
    """
    update: dict[str, Any] = {"$set": {"state": "ready", "due_at": due_at, "claim": None}}
    if failed_at is not None:
        update |= {"$inc": {"fails": 1}, "$min": {"failing_since": failed_at}}
    mine = {"_id": step_id, "state": "claimed", "epoch": epoch}
    return (await db.steps.update_one(mine, update)).matched_count == 1


@translating
async def expire_step(db: Database, seen: Document, message: str, now: datetime) -> bool:
    """T14x: take a step from a holder that is dead or out of time; who gets True sends it."""
    still = {"_id": seen["_id"], "state": "claimed", "epoch": seen["epoch"]}
    queued = {"state": "queued", "claim": None, "message": message, "due_at": now + CHECK_AFTER, "queued_at": now}
    update = {"$set": queued, "$inc": {"kills": 1, "sends": 1}}
    return (await db.steps.update_one(still, update)).matched_count == 1


@translating
async def kill_step(db: Database, seen: Document, epoch: int, error: str, traceback: str, now: datetime) -> bool:
    """T14x, at the limit, and for what cannot work: the step is dead until an operator replays it."""
    still = {"_id": seen["_id"], "state": {"$in": ["claimed", "queued"]}, "epoch": epoch}
    facts = {"error": error, "traceback": traceback, "done_at": now, "due_at": now}
    dead = {"state": "dead", "advanced": False, "claim": None, **facts}
    return (await db.steps.update_one(still, {"$set": dead, "$inc": {"epoch": 1}})).matched_count == 1


@translating
async def claims_of(db: Database, worker: str) -> list[Document]:
    """Return the steps that a worker holds, as MongoDB knows it."""
    return await db.steps.find({"state": "claimed", "claim.worker": worker}).to_list()


@translating
async def lapsed_claims(db: Database, now: datetime, limit: int) -> list[Document]:
    """Return claimed steps whose time is over by more than the 5 s that clocks may differ."""
    query = {"state": "claimed", "due_at": {"$lte": now - timedelta(seconds=5)}}
    return await db.steps.find(query).limit(limit).to_list()
