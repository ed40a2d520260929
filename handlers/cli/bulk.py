"""`pressroom bulk …`: dead letters and refunds that the sweep sees to many at a time, and their quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, authority_of, expect, limit_option, reason_option, with_deps
from handlers.cli.output import detail, listing, show

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from actors.orders.operators.matching import Filter, OpenOrders
    from actors.reports.replay import Words
    from storage.records.bulk import BulkAction, Failure, QuoteFacts

words_option = click.option(
    "--words",
    type=click.Choice(["pinned", "today"]),
    default="pinned",
    help="Those that it was begun with, or those of its product as it is defined now.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask once the quote is shown.")


@click.group()
def bulk() -> None:
    """Look at bulk work; pause or end it."""


@bulk.command("list")
@limit_option(1000, 50, "bulks")
@listing("id", "state", "action", "about", "left", "done", "failed")
async def list_bulks(deps: Deps, limit: int) -> list[Row]:
    """List bulk work, newest first."""
    from handlers.views.bulk import bulk_views
    from storage.bulk import latest_bulks

    return list(await bulk_views(deps, await latest_bulks(deps.db, limit)))


def _print_bulk(view: Row) -> None:
    from handlers.cli.tables import print_fields

    print_fields({name: value for name, value in view.items() if name not in {"quote", "failures"}})
    print_quote(view["quote"])
    if view["failures"]:
        click.echo()
        show(view["failures"], ("letter", "why"))


@bulk.command("show")
@click.argument("bulk_id", metavar="ID")
@detail("an object with quote{} and failures[]", _print_bulk)
async def show_bulk(deps: Deps, bulk_id: str) -> Row:
    """Show bulk work: its quote, how far it is, and what failed."""
    from handlers.views.bulk import bulk_view
    from storage.bulk import failures_of, find_bulk

    found = expect(await find_bulk(deps.db, bulk_id), f"bulk work {bulk_id}")
    failures: list[Failure] = await failures_of(deps.db, bulk_id)
    return {**await bulk_view(deps, found), "failures": failures}


def _add_turn(verb: str, summary: str) -> None:
    """Add the command that pauses, resumes or cancels bulk work."""

    @bulk.command(verb, help=summary)
    @click.argument("bulk_id", metavar="ID")
    @reason_option
    def turned(bulk_id: str, reason: str) -> None:
        from actors.orders.operators.bulk import turn

        with_deps(lambda deps: turn(deps, bulk_id, verb, authority_of(reason)))
        click.echo(f"{bulk_id}: {verb}")


_add_turn("pause", "Pause bulk work. What is in hand is finished.")
_add_turn("resume", "Go on with paused bulk work.")
_add_turn("cancel", "End bulk work. What is done stays done.")


def begin_by_filter(
    wanted: Filter | OpenOrders,
    action: BulkAction,
    reason: str,
    *,
    dry_run: bool,
    yes: bool,
    words: Words = "pinned",
) -> None:
    """Quote bulk work on all that a filter finds and, unless `dry_run`, have the sweep do it."""
    from actors.orders.operators.bulk import take_up_bulk

    bulk_id, facts = with_deps(lambda deps: _quoted(deps, wanted, action, words, keep=not dry_run))
    print_quote(facts)
    if dry_run:
        return
    if not yes:
        click.confirm(f"{facts['letters']} are to be {action}. Begin?", abort=True)
    with_deps(lambda deps: take_up_bulk(deps, bulk_id, facts["fingerprint"], authority_of(reason)))
    click.echo(f"{bulk_id} is begun; see: pressroom bulk show {bulk_id}")


async def _quoted(
    deps: Deps, wanted: Filter | OpenOrders, action: BulkAction, words: Words, *, keep: bool
) -> tuple[str, QuoteFacts]:
    from actors.orders.operators.bulk import make_bulk, quote_all
    from actors.orders.operators.matching import matching
    from storage.bulk import find_bulk

    if not keep:
        return "", (await quote_all(deps, await matching(deps, wanted), action, words)).facts
    bulk_id = await make_bulk(deps, wanted, action, words)
    return bulk_id, expect(await find_bulk(deps.db, bulk_id), bulk_id)["quote"]


def print_quote(facts: QuoteFacts) -> None:
    """Print a quote, and what it refuses."""
    from handlers.cli.tables import print_fields
    from handlers.views.bulk import told_quote

    print_fields(dict(told_quote(facts)))
    for refusal in facts["refusals"]:
        print_fields({refusal["letter"]: refusal["why"]}, "  ")
