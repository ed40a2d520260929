"""The heartbeats of workers: counters, since clocks cannot be compared."""

from datetime import datetime

import pymongo

from storage.database import Database, translating
from storage.records.work import Worker, WorkerFacts

#: Shorter than the time after which a silent worker is taken for dead.
_TIMEOUT_S = 2.0


@translating
async def beat(db: Database, worker: str, facts: WorkerFacts, now: datetime) -> None:
    """Count one beat of a worker. The first one, or one after it was taken for dead, registers it.

    Not journaled, since the next beat makes good a lost one.
    """
    with pymongo.timeout(_TIMEOUT_S):
        await db.workers.update_one(
            {"_id": worker}, {"$inc": {"beat": 1}, "$set": {"beat_at": now}, "$setOnInsert": facts}, upsert=True
        )


@translating
async def note_ending(db: Database, worker: str) -> None:
    """Record that a worker was told to end. What it still holds when it dies did not kill it."""
    with pymongo.timeout(_TIMEOUT_S):
        await db.workers.update_one({"_id": worker}, {"$set": {"ending": True}})


@translating
async def prove_writable(db: Database) -> None:
    """Return if MongoDB takes a write like a beat within 2 s; DatabaseIsDown otherwise. Nothing is written."""
    with pymongo.timeout(_TIMEOUT_S):
        await db.workers.update_one({"_id": None}, {"$set": {"beat": 0}})


@translating
async def live_workers(db: Database) -> list[Worker]:
    """Return every registered worker with its beat."""
    return await db.workers.find().to_list()


@translating
async def remove_worker(db: Database, worker: str) -> None:
    """Remove a worker that has left or is dead."""
    await db.workers.delete_one({"_id": worker})
