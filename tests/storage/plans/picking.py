"""Documents of the history, by facts."""

from typing import Any

from storage.database import Collection, Document


async def pick(collection: Collection, **facts: Any) -> Document:
    """Return a document with those facts, which must be there."""
    found = await collection.find_one(facts)
    assert found is not None, facts
    return found


async def pick_all(collection: Collection, limit: int, **facts: Any) -> list[Document]:
    """Return documents with those facts, so many of which must be there."""
    found = await collection.find(facts).limit(limit).to_list()
    assert len(found) == limit, facts
    return found
