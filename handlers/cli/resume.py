"""`pressroom orders resume`: let an order go on whose budget is spent."""

from __future__ import annotations

import getpass
import math
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from actors.deps import Deps


@click.command()
@click.argument("order")
@click.option("--reason", required=True, help="Why, for the audit trail.")
@click.option(
    "--budget", type=click.FloatRange(0, 1_000_000, min_open=True), help="From now on, the order's own, in USD."
)
@click.option("--no-budget", is_flag=True, help="From now on, the order has none.")
def resume(order: str, reason: str, budget: float | None, no_budget: bool) -> None:
    """Let a paused order go on: with the budget that it had, unless another is given."""
    from actors.resume_order import resume_order
    from handlers.cli.session import with_deps

    if no_budget and budget is not None:
        raise click.UsageError("Give a budget or none.")
    if budget is not None and math.isnan(budget):
        raise click.UsageError("A budget is a number of US dollars.")
    given = math.inf if no_budget else budget

    async def run(deps: Deps) -> None:
        await resume_order(deps, order, budget_usd=given, who=getpass.getuser(), reason=reason)

    with_deps(run)
    click.echo(f"{order} resumed")
