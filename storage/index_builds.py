"""Builds of indexes: each process that starts builds the missing ones, however long that takes."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pymongo
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from storage.database import Database, translating
from storage.indexes import INDEXES

_Index = Mapping[str, Any]

#: To the driver, no deadline: with the client's own, MongoDB would abort each build that takes longer, for ever.
_NO_DEADLINE = 0
#: MongoDB's IndexNotFound.
_IS_GONE = 27
#: The options that may differ between indexes of the same fields that are there at the same time.
_APART = ("unique", "sparse", "partialFilterExpression")


@translating
async def ensure_indexes(db: Database, tell: Callable[[str], None] = lambda _: None) -> None:
    """Build the missing indexes, and return when every index is there. `tell` is called with words on each build.

    Safe to run in several processes at once: MongoDB lets those that ask for the same build wait for it.
    """
    for name, models in INDEXES.items():
        await _ensure(getattr(db, name), models, tell)


async def _ensure(
    collection: AsyncCollection[Any], models: Sequence[IndexModel], tell: Callable[[str], None]
) -> None:
    found = await (await collection.list_indexes()).to_list()
    missing = [model for model in models if not any(_is_same(model, index) for index in found)]
    if missing:
        names = ", ".join(model.document["name"] for model in missing)
        tell(f"{collection.name}: builds {names}, of {await collection.estimated_document_count()} documents")
    with pymongo.timeout(_NO_DEADLINE):
        for index in found:
            if any(_is_in_the_way(model, index) for model in missing):
                await _drop(collection, index["name"])
        # All of them: an index that is listed may still be under way, and this waits for it.
        await collection.create_indexes([_as_found(model, found) for model in models])
    if missing:
        tell(f"{collection.name}: built")


def _is_same(model: IndexModel, index: _Index) -> bool:
    """Return whether an index is the wanted one, under any name."""
    return _apart(model.document) == _apart(index) and _lifetime(model.document) == _lifetime(index)


def _is_in_the_way(model: IndexModel, index: _Index) -> bool:
    """Return whether MongoDB refuses a missing index because of this one."""
    return index["name"] == model.document["name"] or _apart(model.document) == _apart(index)


def _apart(index: _Index) -> list[Any]:
    # MongoDB tells every option of a collation, those that it chose itself too.
    collation = index.get("collation") or {}
    options = [index.get(option) or None for option in _APART]
    return [list(index["key"].items()), *options, collation.get("locale"), collation.get("strength")]


def _lifetime(index: _Index) -> Any:
    return index.get("expireAfterSeconds")


def _as_found(model: IndexModel, found: Sequence[_Index]) -> IndexModel:
    """Return the same index under the name that it has. MongoDB would refuse it under a second one."""
    names = [index["name"] for index in found if _is_same(model, index)]
    options = {**model.document, "name": (names or [model.document["name"]])[0]}
    return IndexModel(list(options.pop("key").items()), **options)


async def _drop(collection: AsyncCollection[Any], name: str) -> None:
    try:
        await collection.drop_index(name)
    except OperationFailure as error:
        if error.code != _IS_GONE:  # another process was quicker
            raise


@translating
async def leftover_indexes(db: Database) -> list[str]:
    """Return, as `collection.name`, the indexes that this version does not need. An older one may need them."""
    return [f"{collection.name}.{name}" async for collection, name in _leftovers(db)]


@translating
async def drop_leftover_indexes(db: Database) -> None:
    """Remove the indexes that this version does not need. Each costs time at every write."""
    async for collection, name in _leftovers(db):
        await _drop(collection, name)


async def _leftovers(db: Database) -> AsyncIterator[tuple[AsyncCollection[Any], str]]:
    for name, models in INDEXES.items():
        collection: AsyncCollection[Any] = getattr(db, name)
        for index in await (await collection.list_indexes()).to_list():
            if index["name"] != "_id_" and not any(_is_same(model, index) for model in models):
                yield collection, index["name"]
