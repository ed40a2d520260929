"""`pressroom money`: what came in, went back and was spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, json_option, with_deps
from handlers.cli.output import show

if TYPE_CHECKING:
    from actors.deps.process import Deps

#: `handlers.views.money.By`, which is not imported before a command runs.
_FIELDS = ("product", "tenant", "day")
_COLUMNS = (
    "orders",
    "paid",
    "tax",
    "refunded",
    "refunds_pending",
    "refunds_failed",
    "disputed",
    "lost",
    "calls",
    "cost_usd",
    "margin",
)


@click.command()
@click.option("--days", metavar="N", default=30, type=click.IntRange(1, 366), help="Days in UTC.")
@click.option("--by", type=click.Choice(_FIELDS), default="product", help="Sum by that.")
@click.option(
    "--below",
    metavar="PERCENT",
    type=click.IntRange(1, 100),
    help="List the orders instead of which less than that is left after their calls.",
)
@json_option("an array of sums, or of orders")
def money(days: int, by: str, below: int | None, as_json: bool) -> None:
    """Show income, refunds, disputes, cost and margin.

    Sums are over the orders paid in the last days and the calls made in them, as of at most a quarter of an hour
    ago; of older days, twelve hours.
    """
    from handlers.views.money import money_by

    if below is not None:
        columns: tuple[str, ...] = ("order_id", "product", "tenant", "price", "cost_usd", "share")
        show(with_deps(lambda deps: _thin(deps, days, below)), columns, as_json=as_json)
        return
    sums = with_deps(lambda deps: money_by(deps, by, days))
    if sums["missing"]:
        click.echo(f"{sums['missing']} of {days} days are not summed up yet; the sweep does it.", err=True)
    rows = sums["rows"] if as_json else [_on_terminal(row) for row in (*sums["rows"], *sums["total"])]
    show(rows, ("name", *_COLUMNS), as_json=as_json)


async def _thin(deps: Deps, days: int, below: int) -> list[Row]:
    from actors.mail.formatting import written_amount
    from handlers.views.money import thin_orders

    found = await thin_orders(deps, days, below)
    return [{**one, "price": written_amount(one["amount"], one["currency"])} for one in found]


def _on_terminal(row: Row) -> Row:
    from actors.mail.formatting import written_amount

    currency = row["currency"] or ""
    amounts = ("paid", "tax", "refunded", "refunds_pending", "refunds_failed", "disputed", "lost", "margin")
    return {**row, **{name: written_amount(row[name], currency) for name in amounts if row[name] is not None}}
