"""`pressroom orders retry`, `readdress`, `correct`, `refund` and others: remedies of an operator."""

from __future__ import annotations

import math
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handlers.cli.bulk import begin_by_filter, yes_option
from handlers.cli.common import (
    Number,
    Row,
    UnknownName,
    authority_of,
    on_one_line,
    reason_option,
    remedy,
    with_deps,
    writing,
)
from handlers.cli.output import detail
from handlers.cli.times import Past

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from actors.orders.operators.correction import CorrectionQuote
    from storage.records.orders import RequestKind


@remedy
def resend(order: str, reason: str) -> None:
    """Send a delivered order's reports to its customer once more."""
    from actors.orders.operators.mails import order_resend

    with_deps(lambda deps: order_resend(deps, order, authority_of(reason)))
    click.echo(f"{order} is sent again")


@remedy
@click.argument("email")
@click.option("--send", is_flag=True, help="If none was refused, send the reports' mail there, too.")
@click.option("--gift", is_flag=True, help="It is the address of the gift's recipient.")
def readdress(order: str, email: str, reason: str, send: bool, gift: bool) -> None:
    """Give an order another mail address.

    Mail that was refused is sent there.
    """
    from actors.orders.operators.mails import readdress_and_send, readdress_order

    change = readdress_and_send if send else readdress_order
    sent = with_deps(lambda deps: change(deps, order, email, authority_of(reason), of_gift=gift))
    click.echo(f"{order} readdressed; mails sent again: {sent}")


@remedy
def retry(order: str, reason: str) -> None:
    """Try an order's dead work again, or judge it anew.

    Everything that was done is reused.
    """
    from actors.orders.operators.dead_letters import retry_order

    refusals = with_deps(lambda deps: retry_order(deps, order, authority_of(reason)))
    click.echo(f"{order} is tried again")
    for refusal in refusals:
        click.echo(f"pressroom: {on_one_line(refusal)}", err=True)
    if refusals:
        sys.exit(1)


@remedy
@click.option(
    "--budget",
    metavar="USD",
    type=Number(0, 1_000_000, min_open=True),
    help="From now on, the order's own.",
)
@click.option("--no-budget", is_flag=True, help="From now on, the order has none.")
def resume(order: str, reason: str, budget: float | None, no_budget: bool) -> None:
    """Let a paused order go on.

    It has the budget that it had, unless another is given.
    """
    from actors.orders.operators.spent_budget import resume_order

    if no_budget and budget is not None:
        raise click.UsageError("Give a budget or none.")
    given = math.inf if no_budget else budget
    with_deps(lambda deps: resume_order(deps, order, given, authority_of(reason)))
    click.echo(f"{order} resumed")


@remedy
@click.option(
    "--answer",
    "answers",
    metavar="NAME=VALUE",
    multiple=True,
    required=True,
    help="As birth_date=1990-12-31; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be made again.")
def correct(order: str, answers: tuple[str, ...], reason: str, dry_run: bool) -> None:
    """Correct what a customer typed, and make their reports again.

    A customer who had them gets one mail with the new ones. Every prompt shows all answers, so that every
    section is bought again.
    """
    from actors.orders.operators.correction import correct_order, quote_correction
    from actors.products.catalogue import known_questions

    if any("=" not in answer for answer in answers):
        raise click.UsageError("An answer is given as NAME=VALUE; one without a value is taken back.")
    given = dict(answer.partition("=")[::2] for answer in answers)
    if unknown := sorted(given.keys() - known_questions().keys()):
        raise UnknownName("answer", unknown[0], known_questions())
    if dry_run:
        quote = with_deps(lambda deps: quote_correction(deps, order, given))
    else:
        quote = with_deps(lambda deps: correct_order(deps, order, given, authority_of(reason)))
    _say_correction(order, "would be corrected" if dry_run else "is corrected", quote)


def _say_correction(order: str, would: str, quote: CorrectionQuote) -> None:
    usd = "at an unknown cost" if quote.usd is None else f"about {quote.usd:.4f} US dollars at list price"
    click.echo(f"{order} {would}: {', '.join(quote.answers)}; calls: {quote.calls}, {usd}; mails: {quote.mails}")


@remedy
@click.option("--dry-run", is_flag=True, help="Only say what would be made again.")
def remake(order: str, reason: str, dry_run: bool) -> None:
    """Grant the free remake that a customer asks for."""
    from actors.orders.operators.requests import grant_remake, quote_remake

    if dry_run:
        _say_correction(order, "would be made again", with_deps(lambda deps: quote_remake(deps, order)))
    else:
        quote = with_deps(lambda deps: grant_remake(deps, order, authority_of(reason)))
        _say_correction(order, "is made again", quote)


@remedy
@click.option("--request", "kind", required=True, type=click.Choice(["remake", "withdrawal"]), help="What it is.")
def set_aside(order: str, reason: str, kind: RequestKind) -> None:
    """Put aside what a customer asks for.

    Nothing is done about it, and they do not hear of that by itself.
    """
    from actors.orders.operators.requests import set_aside as settle

    with_deps(lambda deps: settle(deps, order, authority_of(reason), kind))
    click.echo(f"{order}: the request is set aside")


def _print_customer(view: Row) -> None:
    from handlers.cli.tables import print_fields

    gift = {f"gift_{name}": text for name, text in (view["gift"] or {}).items()}
    print_fields({"email": view["email"], **gift, **view["answers"], "url": view["url"]})
    for correction in view["corrections"]:
        changes = [
            f"{name}: {correction['before'].get(name, '')} → {value}"
            for name, value in correction["after"].items()
        ]
        print_fields({"corrected": f"{correction['at']} by {correction['who']}: {'; '.join(changes)}"})


@remedy
@detail("an object with answers{} and corrections[]", _print_customer)
async def customer(deps: Deps, order: str, reason: str) -> Row:
    """Show an order's customer: address, answers, link.

    The audit trail says who looked, and why.
    """
    from actors.orders.operators.privacy import reveal_customer
    from handlers.views.customer import customer_view

    return customer_view(deps, await reveal_customer(deps, order, authority_of(reason)), clear=True)


@remedy
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file, if not evidence-ORDER.pdf."
)
def evidence(order: str, out: Path | None, reason: str) -> None:
    """Write the evidence about an order to a PDF, for its bank.

    It names the customer; the audit trail says who asked, and why.
    """
    from handlers.ops.evidence import evidence_pdf

    file = out or Path(f"evidence-{order}.pdf")
    pdf = with_deps(lambda deps: evidence_pdf(deps, order, authority_of(reason)))
    with writing():
        file.write_bytes(pdf)
    click.echo(f"{on_one_line(file)}: {len(pdf)} bytes")


@click.command()
@click.argument("order", required=False)
@click.option(
    "--paid-before", metavar="AGO|TIME", type=Past(), help="All open orders paid before then, such as 14d."
)
@click.option("--product", metavar="PRODUCT", help="Of these, those of a product.")
@click.option("--tenant", metavar="TENANT", help="Of these, those of a brand.")
@reason_option
@click.option("--dry-run", is_flag=True, help="Only ask how much it would be.")
@yes_option
def refund(
    order: str | None,
    paid_before: datetime | None,
    product: str | None,
    tenant: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> None:
    """Give back all that was paid for an undelivered order.

    Its customer hears of it. Those that a filter finds are quoted first. The sweep refunds them one by one: see
    `pressroom bulk`.
    """
    from actors.orders.operators.matching import OpenOrders
    from actors.orders.operators.refund import begin_refund, refund_sum

    if (order is None) == (paid_before is None) or (order and (product or tenant)):
        raise click.UsageError("Name an order, or say --paid-before.")
    if paid_before is not None:
        wanted = OpenOrders(paid_before, product, tenant)
        begin_by_filter(wanted, "refunded", reason, dry_run=dry_run, yes=yes)
    if order is None:
        return
    if dry_run:
        click.echo(f"{order} would be refunded: {with_deps(lambda deps: refund_sum(deps, order))}")
        return
    with_deps(lambda deps: begin_refund(deps, order, authority_of(reason)))
    click.echo(f"{order} is refunded")


@remedy
def forget(order: str, reason: str) -> None:
    """Remove what is known of an order's customer, and their files.

    Products, sums, dates and costs stay.
    """
    from actors.orders.operators.privacy import begin_forgetting

    with_deps(lambda deps: begin_forgetting(deps, order, authority_of(reason)))
    click.echo(f"{order} is forgotten")
