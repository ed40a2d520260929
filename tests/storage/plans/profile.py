"""How MongoDB answered each question, by its own profiler: which index led to how much, and what was of use."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from storage.database import Database, Document
from tests.storage.plans.functions import FUNCTIONS

#: Room for what a round of all questions leaves behind.
_PROFILE_BYTES = 64 * 1024 * 1024


class Answer(NamedTuple):
    """One command of one storage function: what MongoDB looked at for it."""

    function: str
    collection: str
    operation: str
    plan: str
    keys: int
    docs: int
    #: What was returned, updated, removed or counted.
    found: int
    #: How many keys the question named.
    named: int
    sorted: bool
    ms: int


class Profile:
    """Has questions asked, and notes how MongoDB answers them."""

    def __init__(self, db: Database) -> None:
        """Note nothing yet."""
        self._db = db
        self._database = db.client.get_default_database()
        self._read = 0
        self.answers: list[Answer] = []
        self.asked: set[object] = set()

    async def ask(self, function: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        """Have one storage function ask MongoDB; return what it returns."""
        await self._new_entries()
        result = await function(self._db, *args, **named)
        self.asked.add(function)
        for entry in await self._new_entries():
            self.answers.append(await self._answer(FUNCTIONS[function], entry))
        return result

    async def _new_entries(self) -> list[Document]:
        entries = await self._database["system.profile"].find().skip(self._read).to_list()
        self._read += len(entries)
        entries = [one for one in entries if not one["ns"].endswith(".system.profile")]
        return [one for one in entries if one["op"] in _ANSWERED or "planSummary" in one]

    async def _answer(self, function: str, entry: Document) -> Answer:
        question, found = _filter(entry), entry.get("nreturned", 0)
        if entry["op"] in {"update", "remove"}:
            found = entry.get("nMatched", 0) + entry.get("ndeleted", 0)
        elif "aggregate" in entry["command"] or "distinct" in entry["command"]:
            found = await self._database[_collection(entry)].count_documents(question)
        return Answer(
            function,
            _collection(entry),
            next(iter(entry["command"])) if entry["op"] == "command" else entry["op"],
            entry.get("planSummary", ""),
            entry.get("keysExamined", 0),
            entry.get("docsExamined", 0),
            found,
            _named(question),
            entry.get("hasSortStage", False),
            entry.get("millis", 0),
        )


_ANSWERED = {"query", "update", "remove", "getmore"}


def _collection(entry: Document) -> str:
    return str(entry["ns"]).partition(".")[2]


def _filter(entry: Document) -> Document:
    command: Document = entry.get("originatingCommand") or entry["command"]
    if "pipeline" in command:
        return next((stage["$match"] for stage in command["pipeline"] if "$match" in stage), {})
    return command.get("filter") or command.get("q") or command.get("query") or {}


def _named(question: Document) -> int:
    return max((len(one["$in"]) for one in question.values() if isinstance(one, dict) and "$in" in one), default=1)


@asynccontextmanager
async def profiling(db: Database) -> AsyncIterator[Profile]:
    """Have MongoDB note every operation on this database meanwhile."""
    database = db.client.get_default_database()
    await database.drop_collection("system.profile")
    await database.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
    await database.command("profile", 2)
    try:
        yield Profile(db)
    finally:
        await database.command("profile", 0)
