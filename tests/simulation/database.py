"""Database of a simulated process: commands reach a real mongod one at a time, each when its turn comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import Context
from typing import Any, NamedTuple

import pymongo
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect
from pymongo.synchronous.database import Database as Mongo

from storage.database import Database, translating
from storage.index_builds import ensure_indexes
from tests.simulation.scheduler import Effect, Scheduler

_READS = {"find", "find_one", "aggregate", "count_documents", "distinct"}
#: What those find in a collection without documents.
_NOTHING: dict[str, Any] = {"find": (), "find_one": None, "count_documents": 0, "distinct": ()}


class Command(NamedTuple):
    """Command to MongoDB, as the driver is given it."""

    collection: str
    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]

    @property
    def filter(self) -> Any:
        """Return the filter, or the documents of an insert."""
        return self.args[0] if self.args else {}

    @property
    def update(self) -> Any:
        """Return the update, or nothing."""
        return self.args[1] if len(self.args) > 1 else {}

    @property
    def writes(self) -> bool:
        """Return whether it may change documents."""
        return self.method not in _READS

    def __str__(self) -> str:
        """Show filter and update."""
        return " ".join(str(arg) for arg in self.args)


#: Does a command, given the one and the real way to do it. The plain one does it as it is.
Twist = Callable[[Command, Callable[[Command], Any]], Any]
#: Hears of each command that was done, and of its outcome.
Heard = Callable[[Command, Any], None]


class Store(NamedTuple):
    """Real database with its indexes, and its collections' names by their attributes of `Database`."""

    mongo: "Mongo[dict[str, Any]]"
    names: dict[str, str]
    #: Collections that were written to since the database was emptied. MongoDB is not asked what is in the others.
    filled: set[str]

    def empty(self) -> None:
        """Remove all documents."""
        for name in self.filled:
            self.mongo[name].delete_many({})
        self.filled.clear()

    def close(self) -> None:
        """Close the connections."""
        self.mongo.client.close()


def open_store(url: str) -> Store:
    """Open a database that only simulations use: its writes need not outlive mongod."""

    async def build() -> dict[str, str]:
        database = Database(url)
        await ensure_indexes(database)
        await database.close()
        found = vars(database).items()
        return {attribute: one.name for attribute, one in found if isinstance(one, AsyncCollection)}

    names = asyncio.run(build())
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
        url, tz_aware=True, w=1, journal=False, retryWrites=False, appname="simulation"
    )
    return Store(client.get_default_database(), names, set(names.values()))


class SimulatedDatabase(Database):
    """Every collection of `Database`, over a driver that blocks: nothing else runs meanwhile."""

    def __init__(self, store: Store, scheduler: Scheduler, twist: Twist, heard: Heard) -> None:
        """Make the collections."""
        for attribute, name in store.names.items():
            setattr(self, attribute, _Turns(store, name, scheduler, twist, heard))


class _Turns:
    """Collection whose commands wait for their turns."""

    def __init__(self, store: Store, name: str, scheduler: Scheduler, twist: Twist, heard: Heard) -> None:
        self._store, self._name, self._scheduler = store, name, scheduler
        self._mongo = store.mongo[name]
        self._twist, self._heard = twist, heard

    def __getattr__(self, method: str) -> Callable[..., Any]:
        async def do(*args: Any, **options: Any) -> Any:
            return await self.do(Command(self._name, method, args, options))

        # As in `storage.database`, whose own functions translate the errors of this one.
        return do if method == "insert_many" else translating(do)

    async def do(self, command: Command, finish: Callable[[Any], Any] = lambda found: found) -> Any:
        """Do a command in its turn."""

        def run(_: object) -> Any:
            # In no context: deadlines of the driver's own go by real time.
            outcome = Context().run(self._twist, command, lambda one: finish(self._ask(one)))
            self._heard(command, outcome)
            return outcome

        what = f"{command.collection}.{command.method}"
        return await self._scheduler.act(Effect(what, command, run, _away, is_answered=command.writes))

    def _ask(self, command: Command) -> Any:
        if command.writes:
            self._store.filled.add(self._name)
        elif command.method in _NOTHING and self._name not in self._store.filled:
            return _NOTHING[command.method]
        return getattr(self._mongo, command.method)(*command.args, **command.options)

    def find(self, *args: Any, **options: Any) -> "_Found":
        """Return a cursor that asks once it is read."""
        return _Found(self, Command(self._name, "find", args, options), [])

    async def aggregate(self, *args: Any, **options: Any) -> "_Found":
        """Return a cursor that asks once it is read."""
        return _Found(self, Command(self._name, "aggregate", args, options), [])


class _Found:
    """Cursor."""

    def __init__(self, turns: _Turns, command: Command, order: list[tuple[str, tuple[Any, ...]]]) -> None:
        self._turns, self._command, self._order = turns, command, order

    def sort(self, *args: Any) -> "_Found":
        return _Found(self._turns, self._command, [*self._order, ("sort", args)])

    def limit(self, *args: Any) -> "_Found":
        return _Found(self._turns, self._command, [*self._order, ("limit", args)])

    @translating
    async def to_list(self) -> list[Any]:
        found: list[Any] = await self._turns.do(self._command, self._read)
        return found

    async def __aiter__(self) -> AsyncIterator[Any]:
        for one in await self.to_list():
            yield one

    def _read(self, cursor: Any) -> list[Any]:
        if cursor is _NOTHING["find"]:
            return []
        for method, args in self._order:
            cursor = getattr(cursor, method)(*args)
        ends_in_groups = self._command.method == "aggregate" and "$group" in self._command.filter[-1]
        # They have no order of their own, and a seed would tell two stories.
        return sorted(cursor, key=str) if ends_in_groups else list(cursor)


def _away() -> Exception:
    return AutoReconnect("simulated")
