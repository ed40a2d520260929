"""`pressroom dead …`: failed work, to be looked at, replayed or discarded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from handlers.cli.common import (
    Row,
    authority_of,
    expect,
    json_option,
    limit_option,
    on_one_line,
    reason_option,
    with_deps,
)
from handlers.cli.output import listing, show_json
from infra.errors import PressroomError

if TYPE_CHECKING:
    from actors.deps.process import Deps


@click.group()
def dead() -> None:
    """Look at dead letters; replay or discard them."""


@dead.command("list")
@limit_option(10_000, 100, "letters")
@click.option("--all", "closed_too", is_flag=True, help="Those replayed or discarded, too.")
@listing("id", "order", "step", "error", "attempts", "state", "at")
async def list_dead(deps: Deps, limit: int, closed_too: bool) -> list[Row]:
    """List dead letters, newest first."""
    from storage.dead_letters import dead_letters

    filters = {} if closed_too else {"state": "open"}
    return [_shown(letter) for letter in await dead_letters(deps.db, limit=limit, **filters)]


@dead.command("show")
@click.argument("letter_id", metavar="ID")
@json_option("an object with every field")
def show_dead(letter_id: str, as_json: bool) -> None:
    """Show one dead letter with its traceback."""
    from storage.dead_letters import find_dead_letter

    found = with_deps(lambda deps: find_dead_letter(deps.db, letter_id))
    letter = _shown(expect(found, f"dead letter {letter_id}"))
    if as_json:
        show_json(letter)
        return
    from handlers.cli.tables import print_fields

    print_fields({name: value for name, value in letter.items() if name != "traceback"})
    click.echo()
    for line in (letter["traceback"] or "").splitlines():
        click.echo(on_one_line(line))


def _add_closing(name: str, closed: str, summary: str) -> None:
    """Add the command that closes dead letters in that way."""

    @dead.command(name, help=summary)
    @click.argument("letter_ids", metavar="[ID]...", nargs=-1)
    @click.option("--all", "every", is_flag=True, help="Every open dead letter.")
    @reason_option
    @click.option("--dry-run", is_flag=True, help=f"Say what would be {closed}.")
    def close(letter_ids: tuple[str, ...], every: bool, reason: str, dry_run: bool) -> None:
        if bool(letter_ids) == every:
            raise click.UsageError("Name dead letters, or say --all.")
        if with_deps(lambda deps: _close(deps, letter_ids, closed, reason, dry_run=dry_run)):
            sys.exit(1)


_add_closing("replay", "replayed", "Do dead work again; everything that was done is reused.")
_add_closing(
    "discard", "discarded", "Close dead letters without doing anything.\n\nTheir orders stay as they are."
)


async def _close(deps: Deps, ids: tuple[str, ...], action: str, reason: str, *, dry_run: bool) -> int:
    """Close these dead letters, or all open ones if none is named. Return the number of failures."""
    from actors.orders.dead_letters import resolve_dead_letter
    from storage.dead_letters import dead_letters

    failed = 0
    for letter_id in ids or [one["_id"] for one in await dead_letters(deps.db, limit=10_000, state="open")]:
        try:
            if not dry_run:
                await resolve_dead_letter(deps, letter_id, action, authority_of(reason))
            click.echo(f"{on_one_line(letter_id)} {'would be ' if dry_run else ''}{action}")
        except PressroomError as error:
            click.echo(f"pressroom: {on_one_line(error)}", err=True)
            failed += 1
    return failed


def _shown(letter: Row) -> Row:
    from handlers.views.orders import as_text

    names = ("kind", "order", "product", "step", "error", "traceback", "attempts", "state")
    return {"id": letter["_id"], **{name: letter[name] for name in names}, "at": as_text(letter["at"])}
