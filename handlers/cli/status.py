"""`pressroom status`: the installation at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row
from handlers.cli.output import detail, show

if TYPE_CHECKING:
    from actors.deps.process import Deps

_COLUMNS = {
    "queues": ("queue", "waiting", "in_flight", "oldest_s"),
    "workers": ("id", "queue", "host", "pid", "threads", "silent_s", "ending"),
    "troubles": ("kind", "subject", "text", "since"),
}


def _print(view: Row) -> None:
    from handlers.cli.tables import print_fields

    for name, part in view.items():
        if name in {"at", "unknown"}:
            continue
        click.echo(f"\n{name.capitalize()}")
        if isinstance(part, list):
            show(part, _COLUMNS[name])
        elif isinstance(part, Mapping):
            print_fields({key: _in_words(value) for key, value in part.items()})
        else:
            click.echo("Unknown: its server does not answer." if part is None else _in_words(part))


@click.command()
@detail("an object of parts, a part null if its server does not answer, and their names in unknown[]", _print)
async def status(deps: Deps) -> Row:
    """Show the installation at a glance.

    Stripe's events, the LLM's provider, queues, workers and what waits.
    """
    from handlers.views.status import status as look

    return await look(deps)


def _in_words(value: object) -> object:
    match value:
        case Mapping():
            return ", ".join(f"{key} {_in_words(one)}" for key, one in value.items() if one) or "none"
        case list():
            return ", ".join(map(str, value)) or "none"
        case bool():
            return "yes" if value else "no"
        case None:
            return "–"
    return value
