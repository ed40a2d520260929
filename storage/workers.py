"""Heartbeats: counters of workers, since clocks cannot be compared, and the latest turn of a sweep."""

from datetime import datetime

import pymongo

from storage.database import Database, Document, exists
from storage.records.work import Worker, WorkerFacts

#: Shorter than the time after which a silent worker is taken for dead.
_TIMEOUT_S = 2.0
#: The time after which a sweep that has not turned is missed. It turns every 2 s, or later if a server hangs.
SWEEP_TURNS_S = 30.0
#: The one document of all sweeps: whether one turns is what matters.
_SWEEP = "sweep"


async def beat(db: Database, worker: str, facts: WorkerFacts, now: datetime) -> None:
    """Count one beat of a worker. The first one, or one after it was taken for dead, registers it.

    Not journaled, since the next beat makes good a lost one.
    """
    with pymongo.timeout(_TIMEOUT_S):
        await db.workers.update_one(
            {"_id": worker}, {"$inc": {"beat": 1}, "$set": {"beat_at": now}, "$setOnInsert": facts}, upsert=True
        )


async def note_ending(db: Database, worker: str) -> None:
    """Record that a worker was told to end. What it still holds when it dies did not kill it."""
    with pymongo.timeout(_TIMEOUT_S):
        await db.workers.update_one({"_id": worker}, {"$set": {"ending": True}})


async def prove_writable(db: Database) -> None:
    """Return if MongoDB takes a write like a beat within 2 s; DatabaseIsDown otherwise. Nothing is written."""
    with pymongo.timeout(_TIMEOUT_S):
        await db.workers.update_one({"_id": None}, {"$set": {"beat": 0}})


async def live_workers(db: Database) -> list[Worker]:
    """Return every registered worker with its beat."""
    return await db.workers.find().to_list()


async def remove_worker(db: Database, worker: str) -> None:
    """Remove a worker that has left."""
    await db.workers.delete_one({"_id": worker})


async def remove_silent_worker(db: Database, seen: Worker) -> bool:
    """Remove a worker that is dead. False if it has beaten since it was seen, or is gone."""
    silent = {"_id": seen["_id"], "beat": seen["beat"], "beat_at": seen["beat_at"]}
    return (await db.workers.delete_one(silent)).deleted_count == 1


async def note_sweep(db: Database) -> None:
    """Record that a sweep turns, by MongoDB's clock."""
    await db.sweeps.update_one({"_id": _SWEEP}, {"$currentDate": {"turned_at": True}}, upsert=True)


async def has_sweep(db: Database, within_s: float) -> bool:
    """Return whether a sweep has turned within so many seconds, by MongoDB's clock."""
    since: Document = {"$subtract": ["$$NOW", round(within_s * 1000)]}
    lately = {"_id": _SWEEP, "$expr": {"$gte": ["$turned_at", since]}}
    return await exists(db.sweeps, lately)
