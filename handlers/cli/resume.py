"""`pressroom orders resume`: let an order go on whose budget is spent."""

import math

import click

from handlers.cli.common import reason_option, warrant_of, with_deps


@click.command()
@click.argument("order")
@reason_option
@click.option(
    "--budget", type=click.FloatRange(0, 1_000_000, min_open=True), help="From now on, the order's own, in USD."
)
@click.option("--no-budget", is_flag=True, help="From now on, the order has none.")
def resume(order: str, reason: str, budget: float | None, no_budget: bool) -> None:
    """Let a paused order go on.

    It has the budget that it had, unless another is given.
    """
    from actors.orders.resume_order import resume_order

    if no_budget and budget is not None:
        raise click.UsageError("Give a budget or none.")
    if budget is not None and math.isnan(budget):
        raise click.UsageError("A budget is a number of US dollars.")
    given = math.inf if no_budget else budget
    with_deps(lambda deps: resume_order(deps, order, given, warrant_of(reason)))
    click.echo(f"{order} resumed")
