"""Records of a collection, by facts."""

from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from storage.database import Record


async def pick(collection: AsyncCollection[Record], **facts: Any) -> Record:
    """Return a record with those facts, which must be there."""
    found = await collection.find_one(facts)
    assert found is not None, facts
    return found


async def pick_all(collection: AsyncCollection[Record], limit: int, **facts: Any) -> list[Record]:
    """Return records with those facts, so many of which must be there."""
    found = await collection.find(facts).limit(limit).to_list()
    assert len(found) == limit, facts
    return found
