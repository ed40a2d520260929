"""The steps of every plan, and the transitions by which one is claimed, fenced, completed or given up.

A step goes waiting → ready → queued → claimed → done or dead. Its `epoch` grows with every claim and fence: who
holds an older one has lost it, and its result is dropped once somebody else has claimed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from storage.database import Database, Document, insert_new, translating
from storage.reports import CHECK_AFTER

_OF_THE_OLD_RUN = ("failing_since", "error", "traceback", "advanced", "done_at", "result")


@translating
async def insert_steps(db: Database, steps: Sequence[Document]) -> None:
    """T5: insert the steps of a plan; those that are there already stay as they are."""
    await insert_new(db.steps, steps)


@translating
async def find_step(db: Database, step_id: str) -> Document | None:
    """Return the step, or None."""
    return await db.steps.find_one({"_id": step_id})


@translating
async def steps_of(db: Database, report: str) -> list[Document]:
    """Return all steps of a report in plan order."""
    return await db.steps.find({"report": report}).sort("seq").to_list()


@translating
async def results_of(db: Database, step_ids: Sequence[str]) -> dict[str, Document]:
    """Return the results of those steps, by step id; those not done are left out."""
    found = db.steps.find({"_id": {"$in": list(step_ids)}, "state": "done"}, {"result": 1})
    return {step["_id"]: step["result"] async for step in found}


@translating
async def waiting_dependents(db: Database, step: Document) -> list[Document]:
    """Return the steps that need this one and wait."""
    return await db.steps.find({"report": step["report"], "needs": step["_id"], "state": "waiting"}).to_list()


@translating
async def ready_step(db: Database, seen: Document, now: datetime) -> bool:
    """T6: ready a step whose needs are all done, judged by the number of done ones after it was seen waiting."""
    done = await db.steps.count_documents({"_id": {"$in": seen["needs"]}, "state": "done"})
    if done != len(seen["needs"]):
        return False
    still = {"_id": seen["_id"], "state": "waiting", "epoch": seen["epoch"], "run": seen["run"]}
    return (await db.steps.update_one(still, {"$set": {"state": "ready", "due_at": now}})).matched_count == 1


@translating
async def due_steps(
    db: Database, report: str, kinds: Sequence[str], without: Sequence[str], now: datetime, limit: int
) -> list[Document]:
    """Return ready steps of those kinds whose time has come, in plan order, but for some that have a slot."""
    query = {
        "report": report,
        "state": "ready",
        "kind": {"$in": list(kinds)},
        "due_at": {"$lte": now},
        "_id": {"$nin": list(without)},
    }
    return await db.steps.find(query).sort("seq").limit(limit).to_list()


@translating
async def queue_step(db: Database, seen: Document, message: str, now: datetime) -> bool:
    """T8: mark a ready step as queued under that message id; who gets True sends it."""
    still = {
        "_id": seen["_id"],
        "state": "ready",
        "run": seen["run"],
        "epoch": seen["epoch"],
        "due_at": {"$lte": now},
    }
    queued = {"state": "queued", "message": message, "check_at": now + CHECK_AFTER, "queued_at": now}
    return (await db.steps.update_one(still, {"$set": queued, "$inc": {"sends": 1}})).matched_count == 1


@translating
async def requeue_step(db: Database, seen: Document, message: str, now: datetime) -> bool:
    """T9: put a queued step under a new message id; who gets True sends it."""
    backoff = CHECK_AFTER * min(2 ** min(seen["sends"], 10), 12)
    still = {"_id": seen["_id"], "state": "queued", "message": seen["message"]}
    queued = {"message": message, "check_at": now + backoff, "queued_at": now}
    return (await db.steps.update_one(still, {"$set": queued, "$inc": {"sends": 1}})).matched_count == 1


@translating
async def keep_queued(db: Database, steps: Sequence[Document], now: datetime) -> None:
    """Leave queued steps alone for a while longer: the broker holds their messages."""
    messages = [step["message"] for step in steps]
    await db.steps.update_many(
        {"message": {"$in": messages}, "state": "queued"}, {"$set": {"check_at": now + CHECK_AFTER}}
    )


@translating
async def park_step(db: Database, seen: Document) -> None:
    """Leave a queued step of a stopped order where it is: the sweep sends it no more."""
    still = {"_id": seen["_id"], "state": "queued", "message": seen["message"]}
    await db.steps.update_one(still, {"$unset": {"check_at": ""}})


@translating
async def unpark_steps(db: Database, reports: Sequence[str], now: datetime) -> None:
    """Let the sweep send the parked steps of those reports again."""
    parked = {"report": {"$in": list(reports)}, "state": "queued", "check_at": {"$exists": False}}
    await db.steps.update_many(parked, {"$set": {"check_at": now}})


@translating
async def claim_step(
    db: Database, seen: Document, worker: str, token: str, formats: Sequence[int], until: datetime
) -> Document | None:
    """T10: take a step that was seen queued, if its plan format is known; return it as claimed, or None."""
    claim = {"worker": worker, "token": token, "until": until}
    still = {"_id": seen["_id"], "state": "queued", "epoch": seen["epoch"], "format": {"$in": list(formats)}}
    taken = await db.steps.update_one(
        still, {"$set": {"state": "claimed", "claim": claim, "sends": 0}, "$inc": {"epoch": 1}}
    )
    if not taken.matched_count:
        return None
    return {**seen, "state": "claimed", "claim": claim, "epoch": seen["epoch"] + 1}


@translating
async def fence_step(db: Database, step_id: str, epoch: int, until: datetime) -> bool:
    """T11: renew the claim right before something is bought; False if it was lost meanwhile."""
    mine = {"_id": step_id, "state": "claimed", "epoch": epoch}
    update = {"$set": {"claim.until": until}, "$inc": {"epoch": 1, "attempts": 1}}
    return (await db.steps.update_one(mine, update)).matched_count == 1


@translating
async def complete_step(db: Database, step: Document, epoch: int, result: Document, now: datetime) -> bool:
    """T13: checkpoint the result, late too as long as nobody has claimed the step again.

    True as well when this very completion was written before and its answer was lost.
    """
    mine = {"_id": step["_id"], "run": step["run"], "epoch": epoch}
    done = {"state": "done", "result": result, "done_at": now, "advanced": False, "claim": None}
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
    return (
        await db.steps.update_one({"_id": step_id, "state": "claimed", "epoch": epoch}, update)
    ).matched_count == 1


@translating
async def expire_step(db: Database, seen: Document, message: str, now: datetime) -> bool:
    """T14x: take a step from a holder that is dead or out of time; who gets True sends it."""
    still = {"_id": seen["_id"], "state": "claimed", "epoch": seen["epoch"]}
    queued = {
        "state": "queued",
        "claim": None,
        "message": message,
        "check_at": now + CHECK_AFTER,
        "queued_at": now,
    }
    update = {"$set": queued, "$inc": {"kills": 1, "sends": 1}}
    return (await db.steps.update_one(still, update)).matched_count == 1


@translating
async def kill_step(db: Database, seen: Document, epoch: int, error: str, traceback: str, now: datetime) -> bool:
    """T14x, at the limit, and for what cannot work: the step is dead until an operator replays it."""
    still = {"_id": seen["_id"], "state": {"$in": ["claimed", "queued"]}, "epoch": epoch}
    dead = {
        "state": "dead",
        "error": error,
        "traceback": traceback,
        "done_at": now,
        "advanced": False,
        "claim": None,
    }
    return (await db.steps.update_one(still, {"$set": dead, "$inc": {"epoch": 1}})).matched_count == 1


@translating
async def stamp_advanced(db: Database, step: Document) -> None:
    """Note that everything which a done or dead step unlocks has really been unlocked."""
    still = {"_id": step["_id"], "run": step["run"], "state": {"$in": ["done", "dead"]}}
    await db.steps.update_one(still, {"$set": {"advanced": True}})


@translating
async def overdue_messages(db: Database, now: datetime, limit: int) -> list[Document]:
    """Queued steps whose message should have been heard of by now."""
    query = {"state": "queued", "check_at": {"$lte": now}}
    return await db.steps.find(query).sort("check_at").limit(limit).to_list()


@translating
async def steps_of_messages(db: Database, messages: Sequence[str]) -> list[Document]:
    """Queued steps that wait for one of those messages."""
    return await db.steps.find({"message": {"$in": list(messages)}, "state": "queued"}).to_list()


@translating
async def claims_of(db: Database, worker: str) -> list[Document]:
    """Return the steps that a worker holds, as MongoDB knows it."""
    return await db.steps.find({"state": "claimed", "claim.worker": worker}).to_list()


@translating
async def lapsed_claims(db: Database, now: datetime, limit: int) -> list[Document]:
    """Return claimed steps whose time is over by more than the 5 s that clocks may differ."""
    query = {"state": "claimed", "claim.until": {"$lte": now - timedelta(seconds=5)}}
    return await db.steps.find(query).limit(limit).to_list()


@translating
async def unadvanced_steps(db: Database, now: datetime, limit: int) -> list[Document]:
    """Return done or dead steps that a crash kept from advancing, for 5 s or more."""
    query = {
        "advanced": False,
        "state": {"$in": ["done", "dead"]},
        "done_at": {"$lte": now - timedelta(seconds=5)},
    }
    return await db.steps.find(query).limit(limit).to_list()


@translating
async def idle_ready_reports(db: Database, now: datetime) -> list[str]:
    """Return the reports whose ready steps nobody has queued for 5 s or more."""
    query = {"state": "ready", "due_at": {"$lte": now - timedelta(seconds=5)}}
    return sorted(await db.steps.distinct("report", query))


@translating
async def slot_holders(db: Database, step_ids: Sequence[str]) -> list[Document]:
    """Return steps without their results."""
    without = {"result": 0, "traceback": 0}
    return await db.steps.find({"_id": {"$in": list(step_ids)}}, without).to_list()


@translating
async def count_steps(db: Database, reports: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Return how many steps each (report, kind, state) has: the progress of some reports, on an index."""
    pipeline: list[Document] = [
        {"$match": {"report": {"$in": list(reports)}}},
        {"$group": {"_id": {"report": "$report", "kind": "$kind", "state": "$state"}, "n": {"$sum": 1}}},
    ]
    groups = await (await db.steps.aggregate(pipeline)).to_list()
    return {(g["_id"]["report"], g["_id"]["kind"], g["_id"]["state"]): g["n"] for g in groups}


@translating
async def reset_step(db: Database, step: Document, run: int, state: str, now: datetime) -> bool:
    """T17: set a step of an older run back to ready or waiting in the new run."""
    fresh = {"state": state, "run": run, "due_at": now, "fails": 0, "kills": 0, "sends": 0, "claim": None}
    update = {
        "$set": fresh,
        "$inc": {"epoch": 1},
        "$unset": dict.fromkeys(_OF_THE_OLD_RUN, ""),
    }
    older = {"_id": step["_id"], "run": {"$lt": run}}
    return (await db.steps.update_one(older, update)).matched_count == 1
