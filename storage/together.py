"""What coroutines of one process ask of a collection at the same time goes to MongoDB as one command.

A conditional update costs MongoDB about as much as a hundred documents read by their keys, and most of that is the
command's: `docs/decisions/0014-transitions-in-rounds.md` has the figures.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from storage.database import Collection, Database, Document, Write, translating, write_all
from storage.rounds import Rounds

Item = TypeVar("Item")
Result = TypeVar("Result")

#: What one command carries at most. The local database compares each document with every key that is asked for, so
#: that twice as many keys take four times as long.
_MOST = 50


def in_rounds(
    work: Callable[[Database, list[Item]], Awaitable[Sequence[Result]]], *, gather_s: float = 0.0
) -> Callable[[Database, Item], Awaitable[Result]]:
    """Make a storage function of many items one of a single item: those asked for at once go together.

    What is asked for within `gather_s` is at once.
    """

    async def ask(db: Database, item: Item) -> Result:
        return await _rounds(db, work, partial(work, db), gather_s).join(item)

    return ask


async def get(db: Database, collection: Collection, key: str) -> Document | None:
    """Return the document with that `_id`, or None."""
    return await _rounds(db, (get, collection.name), partial(_find, collection)).join(key)


async def put(db: Database, collection: Collection, write: Write) -> None:
    """Do a write whose outcome need not be known; WriteIsRefused if MongoDB will not store it."""
    await _rounds(db, (put, collection.name), partial(_write, collection)).join(write)


def _rounds(
    db: Database,
    name: Hashable,
    work: Callable[[list[Item]], Awaitable[Sequence[Result]]],
    gather_s: float = 0.0,
) -> Rounds[Item, Result]:
    found: Rounds[Item, Result] | None = db.rounds.get(name)
    if found is None:
        found = db.rounds[name] = Rounds(work, most=_MOST, gather_s=gather_s)
    return found


@translating
async def _find(collection: Collection, keys: list[str]) -> list[Document | None]:
    found = {one["_id"]: one async for one in collection.find({"_id": {"$in": keys}})}
    return [found.get(key) for key in keys]


@translating
async def _write(collection: Collection, writes: list[Write]) -> list[None]:
    await write_all(collection, writes)
    return [None] * len(writes)


def in_batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Return items in as many parts as commands should be made of them."""
    return (items[first : first + _MOST] for first in range(0, len(items), _MOST))


def grouped(items: Sequence[Item], key: Callable[[Item], Any]) -> dict[Any, list[Item]]:
    """Return items by what they have in common, each group in the items' order."""
    groups: dict[Any, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
