"""What is done with MongoDB's refusals."""

import traceback

import pytest

from storage.database import Database, Document, WriteIsRefused, insert_new

pytestmark = pytest.mark.anyio

#: What only a customer and MongoDB should see.
SECRET = "Whither shall I go?"


def letter(key: str, words: str | None = SECRET) -> Document:
    """Return a document; one without words is refused."""
    return {"_id": key, "name": SECRET, "words": words}


async def test_a_refusal_keeps_its_documents_words_to_itself(db: Database) -> None:
    """A document that MongoDB refuses is an error that quotes none of it; the others of its batch are stored."""
    letters = await db.events.database.create_collection("letters", validator={"words": {"$type": "string"}})
    assert await insert_new(letters, [letter("there", "first")]) == []
    batch = [letter("before"), letter("odd", None), letter("there"), letter("after")]
    with pytest.raises(WriteIsRefused) as refused:
        await insert_new(letters, batch)
    assert str(refused.value) == "MongoDB refused a write with [121]."
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    stored = {one["_id"]: one["words"] async for one in letters.find()}
    assert stored == {"there": "first", "before": SECRET, "after": SECRET}
