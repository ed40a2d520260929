"""Tables for a terminal: fitted to a screen, and each row on one line where there is none.

Only text is ever broken, at its blanks, and only on a screen. A word, such as an id, can always be copied whole.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from handlers.cli.common import on_one_line

_GAP = 2
#: Narrower columns of text are harder to read than one field a line.
_READABLE = 24

_INDENT = " " * 4

Column = Sequence[str]


def print_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows below the names of their columns.

    On a screen too narrow for that, the first column stands above the others, or even above one field a line.
    """
    lines = [[_title(name) for name in names], *(list(map(on_one_line, row)) for row in rows)]
    columns = list(zip(*lines, strict=True))
    if not sys.stdout.isatty():
        click.echo("\n".join(_aligned(columns)))
    elif _needs(map(_least, columns)) <= _screen().width:
        _screen().print(_fitted(columns))
    elif _needs(map(_widest, columns[1:])) + len(_INDENT) <= _screen().width:
        _print_stacked(columns)
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


def _aligned(columns: Sequence[Column]) -> Iterator[str]:
    widths = [_widest(column) for column in columns]
    for cells in zip(*columns, strict=True):
        padded = (cell + " " * (width - cell_len(cell) + _GAP) for cell, width in zip(cells, widths, strict=True))
        yield "".join(padded).rstrip()


def _is_text(column: Column) -> bool:
    return any(" " in cell.strip() for cell in column[1:])


def _widest(column: Column) -> int:
    return max(map(cell_len, column))


def _least(column: Column) -> int:
    return min(_widest(column), _READABLE) if _is_text(column) else _widest(column)


def _needs(widths: Iterable[int]) -> int:
    return sum(width + _GAP for width in widths) - _GAP


def _fitted(columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column[0]), no_wrap=not _is_text(column), overflow="fold")
    for cells in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(*map(Text, cells))
    return table


def _print_stacked(columns: Sequence[Column]) -> None:
    style = "bold"
    for first, others in zip(columns[0], _aligned(columns[1:]), strict=True):
        _screen().print(Text(f"{first}\n{_INDENT}{others}", style), soft_wrap=True)
        style = ""


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
