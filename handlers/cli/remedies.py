"""`pressroom orders retry`, `resend`, `readdress`, `resume`, `refund` and `forget`: remedies of an operator."""

from __future__ import annotations

import math
import sys

import click

from handlers.cli.common import authority_of, on_one_line, reason_option, with_deps


@click.command()
@click.argument("order")
@reason_option
def resend(order: str, reason: str) -> None:
    """Send a delivered order's reports to its customer once more."""
    from actors.orders.resend import order_resend

    with_deps(lambda deps: order_resend(deps, order, authority_of(reason)))
    click.echo(f"{order} is sent again")


@click.command()
@click.argument("order")
@click.argument("email")
@reason_option
def readdress(order: str, email: str, reason: str) -> None:
    """Give an order another mail address.

    Mail that was refused is sent there.
    """
    from actors.orders.dead_letters import readdress_order

    sent = with_deps(lambda deps: readdress_order(deps, order, email, authority_of(reason)))
    click.echo(f"{order} readdressed; mails sent again: {sent}")


@click.command()
@click.argument("order")
@reason_option
def retry(order: str, reason: str) -> None:
    """Try an order's dead work again, or judge it anew.

    Everything that was done is reused.
    """
    from actors.orders.dead_letters import retry_order

    refusals = with_deps(lambda deps: retry_order(deps, order, authority_of(reason)))
    click.echo(f"{order} is tried again")
    for refusal in refusals:
        click.echo(f"pressroom: {on_one_line(refusal)}", err=True)
    if refusals:
        sys.exit(1)


@click.command()
@click.argument("order")
@reason_option
@click.option(
    "--budget",
    metavar="USD",
    type=click.FloatRange(0, 1_000_000, min_open=True),
    help="From now on, the order's own.",
)
@click.option("--no-budget", is_flag=True, help="From now on, the order has none.")
def resume(order: str, reason: str, budget: float | None, no_budget: bool) -> None:
    """Let a paused order go on.

    It has the budget that it had, unless another is given.
    """
    from actors.orders.pause import resume_order

    if no_budget and budget is not None:
        raise click.UsageError("Give a budget or none.")
    if budget is not None and math.isnan(budget):
        raise click.UsageError("A budget is a number of US dollars.")
    given = math.inf if no_budget else budget
    with_deps(lambda deps: resume_order(deps, order, given, authority_of(reason)))
    click.echo(f"{order} resumed")


@click.command()
@click.argument("order")
@reason_option
@click.option("--dry-run", is_flag=True, help="Only ask Stripe how much it would be.")
def refund(order: str, reason: str, dry_run: bool) -> None:
    """Give back all that was paid for an undelivered order.

    Its customer hears of it.
    """
    from actors.orders.refunding import begin_refund, refund_sum

    if dry_run:
        click.echo(f"{order} would be refunded: {with_deps(lambda deps: refund_sum(deps, order))}")
        return
    with_deps(lambda deps: begin_refund(deps, order, authority_of(reason)))
    click.echo(f"{order} is refunded")


@click.command()
@click.argument("order")
@reason_option
def forget(order: str, reason: str) -> None:
    """Remove what is known of an order's customer, and their files.

    Products, sums, dates and costs stay.
    """
    from actors.orders.forgetting import begin_forgetting

    with_deps(lambda deps: begin_forgetting(deps, order, authority_of(reason)))
    click.echo(f"{order} is forgotten")
