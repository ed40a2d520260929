"""Indexes are there before work begins, whatever an older version left."""

import pytest

from storage.database import Database
from storage.indexes import ensure_indexes

pytestmark = pytest.mark.anyio


async def test_an_index_of_an_older_version_is_made_anew(db: Database) -> None:
    """A process that needs another definition of an index starts all the same, and has it."""
    await db.orders.drop_indexes()
    await db.orders.create_index("payment_intent", partialFilterExpression={"payment_intent": {"$exists": True}})
    await db.orders.create_index("token")
    await ensure_indexes(db)
    found = {index["name"]: index async for index in await db.orders.list_indexes()}
    assert "partialFilterExpression" not in found["payment_intent_1"]
    assert found["token_1"]["unique"]
