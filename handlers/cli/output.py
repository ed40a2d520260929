"""Output of commands: rows as a table or as JSON."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any

import click

from handlers.cli.common import Row, json_option, with_deps

#: The shape of a listing's JSON.
ROWS = "an array of objects, one a row, with every field"


def listing(*columns: str) -> Callable[[Callable[..., Awaitable[list[Row]]]], Callable[..., None]]:
    """Make a command of a function that finds rows, given the clients and the command's own options.

    The command prints these columns as a table, or with `--json` every field.
    """

    def make(find: Callable[..., Awaitable[list[Row]]]) -> Callable[..., None]:
        @json_option(ROWS)
        @wraps(find)
        def command(*, as_json: bool, **options: Any) -> None:
            show(with_deps(lambda deps: find(deps, **options)), columns, as_json=as_json)

        return command

    return make


def detail(
    shape: str, show_it: Callable[[Row], None]
) -> Callable[[Callable[..., Awaitable[Row]]], Callable[..., None]]:
    """Make a command of a function that finds one view, given the clients and the command's own options.

    The command has `show_it` print the view, or with `--json` prints all of it, in that shape.
    """

    def make(find: Callable[..., Awaitable[Row]]) -> Callable[..., None]:
        @json_option(shape)
        @wraps(find)
        def command(*, as_json: bool, **options: Any) -> None:
            view = with_deps(lambda deps: find(deps, **options))
            if as_json:
                show_json(view)
            else:
                show_it(view)

        return command

    return make


def show(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool = False) -> None:
    """Print rows: as JSON with every field, or as a table of some columns."""
    if as_json:
        show_json(list(rows))
    elif not rows:
        click.echo("None.")
    else:
        from handlers.cli.tables import print_table

        print_table(columns, [[row.get(column) for column in columns] for row in rows])


def show_json(value: object) -> None:
    """Print a value as JSON, with escapes for characters that a terminal would obey, or cannot write."""
    has_all = codecs.lookup(sys.stdout.encoding).name == "utf-8"
    text = json.dumps(value, indent=2, ensure_ascii=not has_all, default=str)
    click.echo("".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text))


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"
