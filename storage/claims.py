"""The holders of steps: the transitions by which a step is claimed, fenced, completed, given back or given up."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pymongo import UpdateOne

from storage.database import BY_ID, Database, Document, translating, write_all
from storage.reports import CHECK_AFTER
from storage.steps import overdue
from storage.together import grouped, in_rounds


class _Wanted(NamedTuple):
    seen: Document
    worker: str
    formats: tuple[int, ...]
    until: datetime


class _Held(NamedTuple):
    step: Document
    epoch: int
    until: datetime


class _Done(NamedTuple):
    step: Document
    epoch: int
    result: Document
    now: datetime


async def claim_step(
    db: Database, seen: Document, worker: str, formats: Sequence[int], until: datetime
) -> Document | None:
    """T10: take a step that was seen queued, if its plan format is known; return it as claimed, or None."""
    token = await _claim(db, _Wanted(seen, worker, tuple(formats), until))
    if token is None:
        return None
    claim = {"worker": worker, "token": token}
    return {**seen, "state": "claimed", "claim": claim, "epoch": seen["epoch"] + 1}


@in_rounds
@translating
async def _claim(db: Database, wanted: list[_Wanted]) -> list[str | None]:
    """Return the token of each claim. Of two in one round that want the same step, the first may have it."""
    token, taken = uuid.uuid4().hex, set[int]()
    first = {one.seen["_id"]: one for one in reversed(wanted)}
    for (epoch, worker, formats), alike in grouped(
        list(first.values()), lambda one: (one.seen["epoch"], one.worker, one.formats)
    ).items():
        steps = {one.seen["_id"]: one for one in alike}
        still = {"_id": {"$in": list(steps)}, "state": "queued", "epoch": epoch, "format": {"$in": formats}}
        claim = {"worker": worker, "token": token}
        claimed = {"state": "claimed", "claim": claim, "due_at": max(one.until for one in alike), "sends": 0}
        held = await db.steps.update_many(still, {"$set": claimed, "$inc": {"epoch": 1}}, hint=BY_ID)
        if held.matched_count < len(steps):
            ours = db.steps.find({"_id": {"$in": list(steps)}, "claim.token": token}, {"_id": 1})
            steps = {step["_id"]: steps[step["_id"]] async for step in ours}
        taken |= {id(one) for one in steps.values()}
    return [token if id(one) in taken else None for one in wanted]


async def fence_step(db: Database, step: Document, epoch: int, until: datetime) -> bool:
    """T11: renew the claim of a step right before something is bought; False if it was lost meanwhile."""
    return await _fence(db, _Held(step, epoch, until))


@in_rounds
@translating
async def _fence(db: Database, held: list[_Held]) -> list[bool]:
    kept = set[tuple[str, int]]()
    for epoch, alike in grouped(held, lambda one: one.epoch).items():
        tokens = {one.step["_id"]: one.step["claim"]["token"] for one in alike}
        mine = {"_id": {"$in": list(tokens)}, "state": "claimed", "epoch": epoch}
        mine["claim.token"] = {"$in": sorted(set(tokens.values()))}
        update = {"$set": {"due_at": max(one.until for one in alike)}, "$inc": {"epoch": 1, "attempts": 1}}
        renewed = await db.steps.update_many(mine, update, hint=BY_ID)
        if renewed.matched_count < len(tokens):
            now = {**mine, "epoch": epoch + 1}
            found = await db.steps.find(now, {"claim": 1}).to_list()
            tokens = {step["_id"]: "" for step in found if step["claim"]["token"] == tokens[step["_id"]]}
        kept |= {(step, epoch) for step in tokens}
    return [(one.step["_id"], one.epoch) in kept for one in held]


async def complete_step(db: Database, step: Document, epoch: int, result: Document, now: datetime) -> bool:
    """T13: checkpoint the result, late too as long as nobody has claimed the step again.

    True as well when this very completion was written before and its answer was lost.
    """
    return await _complete(db, _Done(step, epoch, result, now))


@in_rounds
@translating
async def _complete(db: Database, done: list[_Done]) -> list[bool]:
    if await write_all(db.steps, [_completion(one) for one in done]) == len(done):
        return [True] * len(done)
    ids = {"_id": {"$in": [one.step["_id"] for one in done]}, "state": "done"}
    found = db.steps.find(ids, {"run": 1, "epoch": 1})
    stands = {(step["_id"], step["run"], step["epoch"]) async for step in found}
    return [(one.step["_id"], one.step["run"], one.epoch) in stands for one in done]


def _completion(one: _Done) -> UpdateOne:
    mine = {"_id": one.step["_id"], "run": one.step["run"], "epoch": one.epoch}
    done = {"state": "done", "result": one.result, "done_at": one.now, "due_at": one.now, "advanced": False}
    held = {**mine, "state": {"$in": ["claimed", "queued"]}}
    return UpdateOne(held, {"$set": {**done, "claim": None}})


@translating
async def release_step(
    db: Database,
    step_id: str,
    epoch: int,
    due_at: datetime,
    *,
    failed_at: datetime | None,
    failing_since: datetime | None = None,
) -> bool:
    """T14: give a claimed step back, to be queued when it is due; its slot is kept.

    `failed_at` is when it failed, and counts as a failure; since `failing_since`, or this one, it has done nothing
    else, which is the time until it is given up. None for a worker that stops: that is nobody's failure.
    """
    update: dict[str, Any] = {"$set": {"state": "ready", "due_at": due_at, "claim": None}}
    if failed_at is not None:
        update["$set"] |= {"failed_at": failed_at, "failing_since": failing_since or failed_at}
        update["$inc"] = {"fails": 1}
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
    return await db.steps.find(overdue("claimed", now - timedelta(seconds=5))).limit(limit).to_list()
