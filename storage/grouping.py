"""Grouping of items by a key, and the ids of documents."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Record = TypeVar("Record", bound=Mapping[str, Any])


def grouped(items: Sequence[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Return items by their key, each group in the items' order."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def ids_of(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ids of documents, in their order."""
    return [document["_id"] for document in documents]


def by_id(documents: Iterable[Record]) -> dict[str, Record]:
    """Return documents by their ids."""
    return {document["_id"]: document for document in documents}
