"""What a command that looks into the database has in common: settings, clients, and how it shows things."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click

from actors.deps import Deps
from actors.opening import open_deps
from infra.logs import set_up_logs
from infra.settings import read_settings

Result = TypeVar("Result")


def with_deps(work: Callable[[Deps], Awaitable[Result]]) -> Result:
    """Run `work` with the clients of this installation, and close them."""
    settings = read_settings()
    set_up_logs("text", "cli")

    async def run() -> Result:
        deps = open_deps(settings)
        try:
            return await work(deps)
        finally:
            await deps.db.close()

    return asyncio.run(run())


def show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: as JSON with every field, or as a table of some columns."""
    if as_json:
        show_json(list(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row[column]) for column in columns))
    Console().print(table if rows else "None.")


def show_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
