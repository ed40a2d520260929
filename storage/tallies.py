"""Tallies: a document an hour, with counts of what leaves no other trace."""

from datetime import UTC, datetime, timedelta

from storage.database import Database

#: How long an hour is kept.
_KEPT = timedelta(days=8)


async def add_refused(db: Database, count: int, now: datetime) -> None:
    """Add to the requests to the webhook that were refused in this hour: not signed, or no event."""
    more = {"$inc": {"refused": count}, "$setOnInsert": {"until": now + _KEPT}}
    await db.tallies.update_one({"_id": _hour(now)}, more, upsert=True)


async def refused_since(db: Database, since: datetime) -> int:
    """Return the number of refused requests, from the beginning of that hour on."""
    return sum([tally["refused"] async for tally in db.tallies.find({"_id": {"$gte": _hour(since)}})])


def _hour(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")
