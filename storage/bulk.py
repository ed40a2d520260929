"""Bulk work: many dead letters that are closed one by one, by any sweep, each counted once.

Its letters are frozen in chunks when it is quoted. Each that is seen to leaves its chunk in the update that counts
it. One sweep at a time holds the bulk, for a while, so that none is told of what another has just done.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from storage.database import Database, Document, aggregated, insert_new, updated
from storage.records.bulk import Bulk, BulkChunk, BulkState, Failure, QuoteFacts

_MOST_FAILURES = 10_000


class Progress(NamedTuple):
    """Numbers of a bulk's letters: left, closed, and failed or refused."""

    left: int = 0
    done: int = 0
    failed: int = 0


async def keep_bulk(db: Database, bulk: Bulk, chunks: Sequence[BulkChunk]) -> None:
    """Keep a bulk that was quoted. The chunks come first, so that none is missing of a bulk that is there."""
    if chunks:
        await insert_new(db.bulk_chunks, chunks)
    await db.bulks.insert_one(bulk)


async def find_bulk(db: Database, bulk: str) -> Bulk | None:
    """Return the bulk, or None."""
    return await db.bulks.find_one({"_id": bulk})


async def latest_bulks(db: Database, limit: int) -> list[Bulk]:
    """Return the newest bulks, the newest first."""
    return await db.bulks.find({}).sort("made_at", -1).limit(limit).to_list()


def _chunks(bulk: str) -> Document:
    """Return a filter of the ids of a bulk's chunks, which lie together: no index is needed."""
    return {"_id": {"$gte": f"{bulk}:", "$lt": f"{bulk};"}}


async def letters_left(db: Database, bulk: str) -> list[str]:
    """Return the letters of a bulk that are not seen to."""
    found = db.bulk_chunks.find(_chunks(bulk), {"left": 1})
    return [letter async for chunk in found for letter in chunk["left"]]


async def failures_of(db: Database, bulk: str) -> list[Failure]:
    """Return the letters that failed or were refused, with the reasons."""
    found = db.bulk_chunks.find(_chunks(bulk), {"failed": 1})
    return [failure async for chunk in found for failure in chunk["failed"]][:_MOST_FAILURES]


async def progress_of(db: Database, bulk: str) -> Progress:
    """Return how far a bulk is."""
    sums = {"left": {"$size": "$left"}, "failed": {"$size": "$failed"}, "done": "$done"}
    grouped = {name: {"$sum": value} for name, value in sums.items()}
    pipeline: list[Document] = [{"$match": _chunks(bulk)}, {"$group": {"_id": None, **grouped}}]
    for group in await aggregated(db.bulk_chunks, pipeline):
        return Progress(group["left"], group["done"], group["failed"])
    return Progress()


async def requote_bulk(db: Database, bulk: str, quote: QuoteFacts) -> None:
    """Give another quote to a bulk that is not begun."""
    await db.bulks.update_one({"_id": bulk, "state": "quoted"}, {"$set": {"quote": quote}})


async def begin_bulk(db: Database, bulk: str, who: str, reason: str, now: datetime) -> bool:
    """Have a quoted bulk carried out. False if it is none any more."""
    await db.bulk_chunks.update_many(_chunks(bulk), {"$unset": {"expires_at": ""}})
    begun = {"state": "running", "who": who, "reason": reason, "began_at": now}
    update = {"$set": begun, "$unset": {"expires_at": ""}}
    return await updated(db.bulks, {"_id": bulk, "state": "quoted"}, update)


async def turn_bulk(db: Database, bulk: str, seen: Collection[BulkState], state: BulkState) -> bool:
    """Pause, resume or cancel a bulk that is in one of those states. False if it is in none of them."""
    as_seen = {"_id": bulk, "state": {"$in": list(seen)}}
    return await updated(db.bulks, as_seen, {"$set": {"state": state}})


async def running_bulks(db: Database, limit: int) -> list[Bulk]:
    """Return the bulks to be carried out, the first that was begun first."""
    return await db.bulks.find({"state": "running"}).sort("began_at").limit(limit).to_list()


async def hold_bulk(db: Database, bulk: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take a running bulk that nobody else holds, or hold it for longer. False if it cannot be had."""
    free: Document = {"$or": [{"until": None}, {"until": {"$lte": now}}, {"holder": holder}]}
    held = {"$set": {"holder": holder, "until": until}}
    return await updated(db.bulks, {"_id": bulk, "state": "running", **free}, held)


async def leave_bulk(db: Database, bulk: str, holder: str, ended_at: datetime | None) -> None:
    """Let others hold a bulk, which is over if there is an end."""
    update: Document = {"$unset": {"holder": "", "until": ""}}
    if ended_at is not None:
        update["$set"] = {"state": "done", "ended_at": ended_at}
    await db.bulks.update_one({"_id": bulk, "holder": holder}, update)


async def next_chunk(db: Database, bulk: str) -> BulkChunk | None:
    """Return the first chunk with letters that are not seen to, without those that failed."""
    unfinished = {**_chunks(bulk), "left.0": {"$exists": True}}
    return await db.bulk_chunks.find_one(unfinished, {"failed": 0}, sort=[("_id", 1)])


async def settle_letter(db: Database, chunk: str, letter: str, why: str | None) -> None:
    """Count a letter of a chunk, once: as done, or as failed if there is a reason."""
    update: Document = {"$pull": {"left": letter}}
    update |= {"$inc": {"done": 1}} if why is None else {"$push": {"failed": {"letter": letter, "why": why}}}
    await db.bulk_chunks.update_one({"_id": chunk, "left": letter}, update)
