"""Stripe's form encoding: `line_items[0][price_data][currency]=usd` and the like, read into plain objects."""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def read_form(pairs: Iterable[tuple[str, str]]) -> Json:
    """Nested dicts of strings; what is numbered (`a[0]`, `a[]`) becomes a list."""
    tree: Json = {}
    for key, value in pairs:
        head, *rest = key.replace("]", "").split("[")
        _place(tree, [head, *rest], value)
    return {key: _with_lists(value) for key, value in tree.items()}


def _place(tree: Json, path: list[str], value: str) -> None:
    for step in path[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            return
        tree = below
    last = path[-1] or str(len(tree))
    tree[last] = value


def _with_lists(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_with_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _with_lists(below) for key, below in value.items()}
