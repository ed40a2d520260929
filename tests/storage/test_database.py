"""What is done with MongoDB's refusals."""

import asyncio
import math
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from storage.database import (
    CommandFails,
    Database,
    DatabaseIsDown,
    Document,
    WriteIsRefused,
    insert_new,
)
from tests.storage.builders import a_form

pytestmark = pytest.mark.anyio

#: What only a customer and MongoDB should see.
SECRET = "Whither shall I go?"


def letter(key: str, words: str | None = SECRET) -> Document:
    """Return a document; one without words is refused."""
    return {"_id": key, "name": SECRET, "words": words}


async def letterbox(db: Database) -> AsyncCollection[Any]:
    """Return an empty collection of letters with words."""
    database = db.events.database
    await database.create_collection("letters", validator={"words": {"$type": "string"}})
    letters: AsyncCollection[Any] = database["letters"]
    return letters


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("mongodb://ada:secret@db-1:27017,[::1]:27017/pressroom", "db-1:27017,[::1]:27017"),
        ("mongodb+srv://cluster.example?appName=a@b", "cluster.example"),
    ],
)
async def test_a_database_names_its_hosts_and_no_password(url: str, host: str) -> None:
    """Of several hosts each, also an address in brackets."""
    assert Database(url).host == host


async def test_a_refusal_keeps_its_documents_words_to_itself(db: Database) -> None:
    """A document that MongoDB refuses is an error that quotes none of it; the others of its batch are stored."""
    letters = await letterbox(db)
    assert await insert_new(letters, [letter("there", "first")]) == []
    batch = [letter("before"), letter("odd", None), letter("there"), letter("after")]
    with pytest.raises(WriteIsRefused) as refused:
        await insert_new(letters, batch)
    assert str(refused.value) == "MongoDB refused a write with [121]."
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    stored = {one["_id"]: one["words"] async for one in letters.find()}
    assert stored == {"there": "first", "before": SECRET, "after": SECRET}


async def test_a_refused_update_keeps_its_documents_words_to_itself(db: Database) -> None:
    """What MongoDB will not store of an update is an error that quotes none of it."""
    letters = await letterbox(db)
    await insert_new(letters, [letter("there")])
    for odd in ({"words": None, "name": SECRET}, {"name": SECRET * 1_000_000}, {"name": [SECRET, object]}):
        with pytest.raises(WriteIsRefused) as refused:
            await letters.update_one({"_id": "there"}, {"$set": odd})
        assert SECRET not in "".join(traceback.format_exception(refused.value))


async def test_a_failed_command_keeps_its_words_to_itself(db: Database) -> None:
    """Any other error of the driver is one of ours that quotes nothing of what was asked for or found."""
    letters = await letterbox(db)
    await insert_new(letters, [letter("there")])
    with pytest.raises(CommandFails) as failed:
        await letters.find_one({"$expr": {"$toInt": "$words"}})
    assert str(failed.value) == "MongoDB failed: OperationFailure [241]."
    assert SECRET not in "".join(traceback.format_exception(failed.value))


@asynccontextmanager
async def breaking(db: Database, times: float) -> AsyncIterator[Database]:
    """The same database behind a line that breaks so many times when an insert's answer comes back."""
    host, _, port = db.host.partition(":")
    left = [times]

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_connection(host, int(port))
        try:
            with suppress(ConnectionError):  # the driver may give a line up at any moment
                while ask := await reader.read(1 << 20):
                    asks.write(ask)
                    answer = await answers.read(1 << 20)
                    if b"\x02insert\x00" in ask and left[0]:
                        left[0] -= 1
                        return
                    writer.write(answer)
        finally:
            writer.close()
            asks.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as line:
        behind = line.sockets[0].getsockname()[1]
        database = Database(
            f"mongodb://127.0.0.1:{behind}/{db.events.database.name}"
            "?directConnection=true&serverMonitoringMode=poll",
            timeout_s=2,
        )
        try:
            yield database
        finally:
            await database.close()


async def test_an_insert_whose_answer_is_lost_is_repeated(db: Database) -> None:
    """The driver does it again, and MongoDB knows it; a line that goes on breaking is an error."""
    async with breaking(db, 1) as broken:
        assert await insert_new(broken.answers, [a_form("a"), a_form("b")]) == []
        assert await insert_new(broken.answers, [a_form("b"), a_form("c")]) == ["b"]
    async with breaking(db, math.inf) as broken:
        with pytest.raises(DatabaseIsDown):
            await insert_new(broken.answers, [a_form("d")])
    assert await db.answers.count_documents({}) == 4
