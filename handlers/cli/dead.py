"""`pressroom dead …`: what could not be done, and doing it after all."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from actors.deps import Deps


@click.group()
def dead() -> None:
    """Look at dead letters; replay or discard them."""


@dead.command("list")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--all", "closed_too", is_flag=True, help="Those replayed or discarded, too.")
@click.option("--json", "as_json", is_flag=True)
def list_dead(limit: int, closed_too: bool, as_json: bool) -> None:
    """List dead letters, newest first."""
    from handlers.cli.session import show, with_deps
    from storage.dead_letters import dead_letters

    filters = {} if closed_too else {"state": "open"}

    async def find(deps: Deps) -> list[dict[str, Any]]:
        return [_shown(letter) for letter in await dead_letters(deps.db, limit=limit, **filters)]

    show(with_deps(find), ("id", "order", "step", "error", "attempts", "state", "at"), as_json=as_json)


@dead.command("show")
@click.argument("letter_id")
@click.option("--json", "as_json", is_flag=True)
def show_dead(letter_id: str, as_json: bool) -> None:
    """Show one dead letter with its traceback."""
    from handlers.cli.session import show_json, with_deps
    from storage.dead_letters import find_dead_letter

    letter = with_deps(lambda deps: find_dead_letter(deps.db, letter_id))
    if letter is None:
        click.echo(f"pressroom: There is no dead letter {letter_id}.", err=True)
        sys.exit(1)
    if as_json:
        show_json(_shown(letter))
        return
    for name, value in _shown(letter).items():
        click.echo(f"{name:<10} {value}")


@dead.command("replay")
@click.argument("letter_ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every open dead letter.")
@click.option("--reason", required=True, help="Why, for the audit trail.")
@click.option("--dry-run", is_flag=True, help="Say what would be replayed.")
def replay_dead(letter_ids: tuple[str, ...], every: bool, reason: str, dry_run: bool) -> None:
    """Do what is dead again; everything that was done is reused."""
    _close(letter_ids, every=every, reason=reason, dry_run=dry_run, action="replayed")


@dead.command("discard")
@click.argument("letter_ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every open dead letter.")
@click.option("--reason", required=True, help="Why, for the audit trail.")
@click.option("--dry-run", is_flag=True, help="Say what would be discarded.")
def discard_dead(letter_ids: tuple[str, ...], every: bool, reason: str, dry_run: bool) -> None:
    """Close dead letters without doing anything; their orders stay as they are."""
    _close(letter_ids, every=every, reason=reason, dry_run=dry_run, action="discarded")


def _close(letter_ids: tuple[str, ...], *, every: bool, reason: str, dry_run: bool, action: str) -> None:
    from actors.engine.mending import close_letter
    from handlers.cli.session import with_deps
    from infra.errors import PressroomError
    from storage.dead_letters import dead_letters

    if bool(letter_ids) == every:
        raise click.UsageError("Name dead letters, or say --all.")

    async def close(deps: Deps) -> int:
        ids = letter_ids
        if every:
            ids = tuple(letter["_id"] for letter in await dead_letters(deps.db, limit=10_000, state="open"))
        failed = 0
        for letter_id in ids:
            try:
                if not dry_run:
                    await close_letter(deps, letter_id, action, who=getpass.getuser(), reason=reason)
                click.echo(f"{letter_id} {'would be ' if dry_run else ''}{action}")
            except PressroomError as error:
                click.echo(f"pressroom: {error}", err=True)
                failed += 1
        return failed

    if with_deps(close):
        sys.exit(1)


def _shown(letter: dict[str, Any]) -> dict[str, Any]:
    from handlers.views import as_text

    names = ("kind", "order", "product", "step", "error", "traceback", "attempts", "state")
    return {"id": letter["_id"], **{name: letter[name] for name in names}, "at": as_text(letter["at"])}
