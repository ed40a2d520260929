"""`pressroom dead …`: failed work, to be looked at, replayed or discarded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from handlers.cli.bulk import begin_by_filter, words_option, yes_option
from handlers.cli.common import Row, authority_of, expect, limit_option, on_one_line, reason_option, with_deps
from handlers.cli.output import detail, listing
from handlers.cli.times import Past
from infra.errors import PressroomError

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from actors.reports.replay import Words
    from storage.records.bulk import Closing


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


@dead.command("groups")
@limit_option(1000, 100, "groups")
@listing("group", "letters", "product", "model", "paid", "last_at", "cause")
async def list_groups(deps: Deps, limit: int) -> list[Row]:
    """List the causes of open dead letters, and the money behind each.

    Sums are in cents, by currency.
    """
    from handlers.views.dead import groups_view

    return list(await groups_view(deps, limit))


def _print_letter(letter: Row) -> None:
    from handlers.cli.tables import print_fields

    print_fields({name: value for name, value in letter.items() if name != "traceback"})
    click.echo()
    for line in (letter["traceback"] or "").splitlines():
        click.echo(on_one_line(line))


@dead.command("show")
@click.argument("letter_id", metavar="ID")
@detail("an object with every field", _print_letter)
async def show_dead(deps: Deps, letter_id: str) -> Row:
    """Show one dead letter with its traceback."""
    from storage.dead_letters import find_dead_letter

    return _shown(expect(await find_dead_letter(deps.db, letter_id), f"dead letter {letter_id}"))


_BY_FILTER = "Those that a filter finds are quoted first. The sweep closes them one by one: see `pressroom bulk`."
_FILTERS = (
    click.option("--group", metavar="GROUP", help="Those of a cause: see `pressroom dead groups`."),
    click.option("--product", metavar="PRODUCT", help="Those of a product."),
    click.option("--tenant", metavar="TENANT", help="Those of a brand's orders."),
    click.option("--model", metavar="MODEL", help="Those that a model was asked for."),
    click.option("--since", metavar="AGO|TIME", type=Past(), help="Those that died since then, such as 3d."),
    click.option("--until", metavar="AGO|TIME", type=Past(), help="Those that died before."),
)


def _add_closing(name: str, closed: Closing, summary: str) -> None:
    """Add the command that closes dead letters in that way."""

    def options_of(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed([*_FILTERS, *([words_option] if closed == "replayed" else [])]):
            command = option(command)
        return command

    @dead.command(name, help=f"{summary}\n\n{_BY_FILTER}")
    @click.argument("letter_ids", metavar="[ID]...", nargs=-1)
    @click.option("--all", "every", is_flag=True, help="Every open dead letter.")
    @options_of
    @reason_option
    @click.option("--dry-run", is_flag=True, help=f"Say what would be {closed}.")
    @yes_option
    def close(
        letter_ids: tuple[str, ...],
        every: bool,
        reason: str,
        dry_run: bool,
        yes: bool,
        words: Words = "pinned",
        **filters: Any,
    ) -> None:
        by_filter = any(filters.values())
        if [bool(letter_ids), every, by_filter].count(True) != 1:
            raise click.UsageError("Name dead letters, give a filter, or say --all.")
        if words == "today" and not by_filter:
            raise click.UsageError(
                "Today's words are quoted first: give a filter, or see `pressroom orders replay`."
            )
        if by_filter:
            from actors.orders.operators.matching import Filter

            begin_by_filter(Filter(**filters), closed, reason, words=words, dry_run=dry_run, yes=yes)
        elif with_deps(lambda deps: _close(deps, letter_ids, closed, reason, dry_run=dry_run)):
            sys.exit(1)


_add_closing("replay", "replayed", "Do dead work again; everything that was done is reused.")
_add_closing(
    "discard", "discarded", "Close dead letters without doing anything.\n\nTheir orders stay as they are."
)


async def _close(deps: Deps, ids: tuple[str, ...], action: str, reason: str, *, dry_run: bool) -> int:
    """Close these dead letters, or all open ones if none is named. Return the number of failures."""
    from actors.orders.operators.dead_letters import resolve_dead_letter
    from storage.dead_letters import dead_letters
    from storage.grouping import ids_of

    failed = 0
    for letter_id in ids or ids_of(await dead_letters(deps.db, limit=10_000, state="open")):
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
