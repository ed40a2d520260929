"""Indexes are there before work begins, whatever an older version left and however much there is to index."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymongo.errors import PyMongoError

from infra.local.stack import Stack
from storage.database import Database, DatabaseIsDown, Document
from storage.index_builds import drop_leftover_indexes, ensure_indexes, leftover_indexes

pytestmark = pytest.mark.anyio

#: Far less than the build below takes, and enough for MongoDB's other answers.
DEADLINE_S = 0.5


@pytest.fixture
async def db(db: Database) -> AsyncIterator[Database]:
    """The database of all tests, which has its indexes again afterwards."""
    yield db
    await ensure_indexes(db)


@pytest.fixture
async def bare(stack: Stack) -> AsyncIterator[Database]:
    """A database of its own without any index, whose client is in a hurry."""
    url = stack.env["MONGODB_URL"].replace("/pressroom?", "/indexes?")
    database, patient = Database(url, timeout_s=DEADLINE_S), Database(url)
    yield database
    await patient.client.drop_database("indexes")
    for one in (database, patient):
        await one.close()


async def names(db: Database, collection: str = "orders") -> dict[str, Document]:
    """Return the indexes of a collection, by name."""
    return {index["name"]: dict(index) async for index in await db.orders.database[collection].list_indexes()}


async def fill(db: Database, sessions: int) -> None:
    """Insert a hundred orders that have nothing but what is to be indexed, each of it for so many sessions."""
    many = [f"cs_{nth}" for nth in range(sessions)]
    orders = db.client.get_default_database()["orders"]
    for nth in range(100):
        await orders.insert_one({"_id": nth, "token": str(nth), "payment_intent": many})


async def until_database_is_back(db: Database) -> list[str]:
    """Ensure the indexes as a process does that starts; return what was told."""
    told: list[str] = []
    while True:
        try:
            await ensure_indexes(db, told.append)
        except DatabaseIsDown:
            continue
        return told


async def test_an_index_of_an_older_version_is_made_anew(db: Database) -> None:
    """A process that needs another definition of an index starts all the same, and has it."""
    await db.orders.drop_indexes()
    await db.orders.create_index("payment_intent", partialFilterExpression={"payment_intent": {"$exists": True}})
    await db.orders.create_index("token")
    await ensure_indexes(db)
    found = await names(db)
    assert "partialFilterExpression" not in found["payment_intent_1"]
    assert found["token_1"]["unique"]


async def test_only_the_index_that_is_in_the_way_is_dropped(db: Database) -> None:
    """The others of a live collection stay as they are, and so does one that an operator added."""
    await db.orders.drop_index("token_1")
    await db.orders.create_index("token")
    await db.orders.create_index("colours", name="by_hand")
    before = await names(db)
    await ensure_indexes(db)
    after = await names(db)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"token_1"}
    await db.orders.drop_index("by_hand")


async def test_an_index_is_known_by_its_definition(db: Database) -> None:
    """One that was built by hand under another name serves, and nothing is built."""
    await db.orders.drop_index("token_1")
    await db.orders.create_index("token", unique=True, name="by_hand")
    assert await until_database_is_back(db) == []
    assert "token_1" not in await names(db)
    await db.orders.drop_index("by_hand")


async def test_a_build_takes_longer_than_any_other_operation_may(bare: Database) -> None:
    """On a filled collection a build with the client's deadline is aborted for ever; a start's build is not."""
    await fill(bare, 8000)
    with pytest.raises(PyMongoError) as aborted:
        await bare.orders.create_index("payment_intent")
    assert aborted.value.timeout
    assert "orders: built" in await until_database_is_back(bare)
    assert "payment_intent_1" in await names(bare)


async def test_processes_that_start_at_once_build_together(bare: Database) -> None:
    """Each returns when all indexes are there; none undoes another's."""
    await fill(bare, 500)
    await bare.orders.create_index("token")
    await asyncio.gather(*(until_database_is_back(bare) for _ in range(4)))
    assert (await names(bare))["token_1"]["unique"]
    assert await until_database_is_back(bare) == []


async def test_an_older_versions_index_of_the_same_fields_is_left_alone(db: Database) -> None:
    """Old and new processes that start in turns, during a deploy, never drop what the others have built."""
    older = [("state", 1), ("tenant", 1), ("queued_at", 1)]
    for _ in range(2):
        name = await db.reports.create_index(older)
        await ensure_indexes(db)
        assert {name, "waiting"} <= (await names(db, "reports")).keys()
    assert await leftover_indexes(db) == [f"reports.{name}"]
    await drop_leftover_indexes(db)


async def test_an_older_versions_indexes_stay_until_they_are_dropped(db: Database) -> None:
    """What this version does not need is named, kept by every start, and removed when an operator says so."""
    await db.orders.create_index("colours")
    await ensure_indexes(db)
    assert await leftover_indexes(db) == ["orders.colours_1"]
    await drop_leftover_indexes(db)
    assert await leftover_indexes(db) == []
    assert "payment_intent_1" in await names(db)
