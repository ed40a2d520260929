"""Tables for a terminal: fitted to a screen, and each row on one line where there is none.

Only text is ever broken, at its blanks, and only on a screen. A word, such as an id, can always be copied whole.
"""

import sys
from collections.abc import Mapping, Sequence

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from handlers.cli.common import on_one_line

_GAP = 2
#: Narrower columns of text are harder to read than one field a line.
_READABLE = 24
#: The width of what is no screen: any row is one line.
_ENDLESS = 1 << 20

_INDENT = " " * 4


def print_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows below the names of their columns. On a screen too narrow for that, each has one field a line."""
    shown = [[Text(on_one_line(cell)) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for nth, name in enumerate(names):
        texts = [row[nth] for row in shown if " " in row[nth].plain.strip()]
        least = min(max(row[nth].cell_len for row in shown), _READABLE) if texts else None
        table.add_column(Text(_title(name)), no_wrap=not texts, overflow="fold", min_width=least)
    for row in shown:
        table.add_row(*row)
    endless = Console(width=_ENDLESS, color_system=None, force_terminal=False)
    if not sys.stdout.isatty():
        with endless.capture() as printed:
            endless.print(table)
        click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))
    elif endless.measure(table).minimum <= _screen().width:
        _screen().print(table)
    else:
        _print_fields_of_each(names, rows)


def print_fields(fields: Mapping[str, object], indent: str = "") -> None:
    """Print one field a line after its name. Text too long for the screen goes on below its beginning."""
    names = [_title(name) for name in fields]
    room = max(map(len, names), default=0) + _GAP
    for name, value in zip(names, fields.values(), strict=True):
        for line in _field(f"{indent}{name:<{room}}", on_one_line(value)):
            click.echo(line.rstrip())


def _title(name: str) -> str:
    return name.replace("_", " ")


def _screen() -> Console:
    return Console(markup=False, highlight=False, emoji=False)


def _print_fields_of_each(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for first, *others in rows:
        click.echo(on_one_line(first))
        fields = zip(names[1:], others, strict=True)
        print_fields({name: value for name, value in fields if value not in (None, "")}, _INDENT)


def _field(name: str, value: str) -> list[str]:
    room = _screen().width - len(name)
    if not sys.stdout.isatty() or cell_len(value) <= room:
        return [name + value]
    if " " not in value:
        return [name, value]
    first, *others = Text(value).wrap(_screen(), max(room, _READABLE))
    return [f"{name}{first}", *(f"{' ' * len(name)}{other}" for other in others)]
