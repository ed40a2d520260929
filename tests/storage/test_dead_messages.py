"""Dead letters of messages, which may die again: an errand's message always has the same id."""

import pytest

from storage.database import Database
from storage.dead_letters import close_dead_letter, dead_letters, record_dead_message
from tests.builders import NOW

pytestmark = pytest.mark.anyio


async def die(db: Database, error: str) -> None:
    """Record a message as dead."""
    message = {"queue": "bundle", "message_id": "complete_order:cs_1", "data": b"", "traceback": ""}
    await record_dead_message(db, **message, error=error, now=NOW)  # type: ignore[arg-type]


async def test_a_message_that_dies_again_is_open_again(db: Database) -> None:
    """While its first letter is open, that one is kept; once it was closed, the next death opens it."""
    await die(db, "First.")
    await die(db, "Second.")
    (letter,) = await dead_letters(db, limit=9, state="open")
    await close_dead_letter(db, letter["_id"], "replayed", NOW)
    assert await dead_letters(db, limit=9, state="open") == []
    await die(db, "Third.")
    (again,) = await dead_letters(db, limit=9, state="open")
    assert (letter["error"], again["error"], "closed_at" in again) == ("First.", "Third.", False)
