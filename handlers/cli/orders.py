"""`pressroom orders …`: views of orders, and the group of all commands about one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, limit_option, on_one_line, with_deps
from handlers.cli.costs import cost
from handlers.cli.output import detail, listing, show
from handlers.cli.remedies import (
    correct,
    customer,
    evidence,
    forget,
    readdress,
    refund,
    remake,
    resend,
    resume,
    retry,
    set_aside,
)
from handlers.cli.replay import replay

if TYPE_CHECKING:
    from actors.deps.process import Deps


@click.group()
def orders() -> None:
    """Look at orders, and mend them."""


_ABOUT_WORK = (cost, retry, replay, resume, resend, readdress)
_ABOUT_CUSTOMERS = (correct, remake, set_aside, customer, evidence, refund, forget)
for _command in (*_ABOUT_WORK, *_ABOUT_CUSTOMERS):
    orders.add_command(_command)


@orders.command("list")
@limit_option(1000, 50, "orders")
@listing("order_id", "state", "product", "placed_at", "attention")
async def list_orders(deps: Deps, limit: int) -> list[Row]:
    """List the newest orders."""
    from handlers.views.orders import orders_summary
    from storage.orders import latest_orders

    return list(await orders_summary(deps, await latest_orders(deps.db, limit)))


@orders.command("find")
@click.argument("text")
@listing("order_id", "state", "product", "placed_at", "attention")
async def find_orders(deps: Deps, text: str) -> list[Row]:
    """Find orders by whatever you hold of one.

    TEXT is a mail address, the beginning of a name, a link, a Message-ID, or the id of an order, payment, refund,
    event or dead letter.
    """
    from handlers.views.search import search

    return list(await search(deps, text))


@orders.command("waiting")
@limit_option(1000, 100, "orders")
@listing("order_id", "reason", "product", "waiting_s", "overdue_s", "amount")
async def waiting_orders(deps: Deps, limit: int) -> list[Row]:
    """List the orders that need a person, the longest waiting first."""
    from handlers.views.desk import for_a_person

    return list(await for_a_person(deps, limit))


def _print_order(view: Row) -> None:
    from handlers.cli.tables import print_fields

    cost = f"{view['llm']['cost_usd']} USD in {view['llm']['attempts']} calls"
    names = ("order_id", "state", "product", "language", "paid_at", *(["gift_at"] if view["gift_at"] else []))
    print_fields({**{name: view[name] for name in (*names, "url", "attention")}, "cost": cost})
    for name, text in view["unread"].items():
        print_fields({"not_understood": f"{name}: {text}"})
    parts = {
        ("product", "state", "sections_done", "sections_total", "chunks_done", "downloads"): view["reports"],
        ("kind", "state", "message_id"): view["mails"],
    }
    for columns, rows in parts.items():
        if rows:
            click.echo()
            show(rows, columns)
    for letter in view["dead"]:
        click.echo()
        print_fields({"dead_letter": letter})


@orders.command("show")
@click.argument("order")
@detail("an object with reports[], llm{}, mails[] and dead[]", _print_order)
async def show_order(deps: Deps, order: str) -> Row:
    """Show an order: its state, reports, cost, mails, dead letters."""
    from handlers.views.orders import order_view
    from storage.orders import named_order

    return await order_view(deps, await named_order(deps.db, order))


@orders.command("ticket")
@click.argument("order")
def ticket(order: str) -> None:
    """Print an order's states, ids and times for a ticket.

    Nothing of its customer is in it.
    """

    async def text(deps: Deps) -> str:
        from handlers.views.mails import mails_of
        from handlers.views.orders import order_view
        from handlers.views.ticket import ticket_of
        from storage.orders import named_order

        found = await named_order(deps.db, order)
        return ticket_of(await order_view(deps, found), await mails_of(deps, found))

    for line in with_deps(text).splitlines():
        click.echo(on_one_line(line))
