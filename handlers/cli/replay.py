"""`pressroom orders replay`: an order's dead work, or the order from a section on, as it was quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.bulk import print_quote, words_option, yes_option
from handlers.cli.common import authority_of, remedy, with_deps

if TYPE_CHECKING:
    from actors.reports.replay import Words


@remedy
@click.option("--from", "section", metavar="SECTION", help="This section and all that follows from it.")
@click.option("--product", metavar="PRODUCT", help="The section's report, in an order of several.")
@words_option
@click.option("--dry-run", is_flag=True, help="Only show the quote.")
@yes_option
def replay(
    order: str,
    section: str | None,
    product: str | None,
    words: Words,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> None:
    """Make an order's dead work again, or a section of it.

    The quote says first what is reused, what it costs and which mails go out. In today's words all begun reports
    are made again, or one, as far as their words are others by now, or they are not done.
    """
    from actors.orders.operators.replays import expect_same, quote_order, replay_order

    quote = with_deps(lambda deps: quote_order(deps, order, product, section, words))
    print_quote(quote.facts)
    expect_same(quote, quote.facts["fingerprint"])
    if dry_run:
        return
    if not yes:
        click.confirm("Begin?", abort=True)
    fingerprint, authority = quote.facts["fingerprint"], authority_of(reason)
    with_deps(lambda deps: replay_order(deps, order, fingerprint, authority, product, section, words))
    click.echo(f"{order} is replayed")
