"""`pressroom orders resend` and `readdress`: what an operator does about mail that did not arrive."""

import getpass

import click

from handlers.cli.session import reason_option, with_deps


@click.command()
@click.argument("order")
@reason_option
def resend(order: str, reason: str) -> None:
    """Send a delivered order's reports to its customer once more."""
    from actors.resend import order_resend

    with_deps(lambda deps: order_resend(deps, order, who=getpass.getuser(), reason=reason))
    click.echo(f"{order} is sent again")


@click.command()
@click.argument("order")
@click.argument("email")
@reason_option
def readdress(order: str, email: str, reason: str) -> None:
    """Give an order another mail address; mail that was refused is sent there."""
    from actors.readdress import readdress_order

    sent = with_deps(lambda deps: readdress_order(deps, order, email, who=getpass.getuser(), reason=reason))
    click.echo(f"{order} readdressed; mails sent again: {sent}")
