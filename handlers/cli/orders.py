"""`pressroom orders …`: views of orders, and the group of all commands about one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, expect, json_option, limit_option, with_deps
from handlers.cli.costs import cost
from handlers.cli.output import listing, show, show_json
from handlers.cli.remedies import forget, readdress, refund, resend, resume, retry

if TYPE_CHECKING:
    from actors.deps.process import Deps


@click.group()
def orders() -> None:
    """Look at orders, and mend them."""


for command in (cost, retry, resume, resend, readdress, refund, forget):
    orders.add_command(command)


@orders.command("list")
@limit_option(1000, 50, "orders")
@listing("order_id", "state", "product", "placed_at", "attention")
async def list_orders(deps: Deps, limit: int) -> list[Row]:
    """List the newest orders."""
    from handlers.views import order_summary
    from storage.orders import latest_orders
    from storage.reports import reports_of

    found = await latest_orders(deps.db, limit)
    reports = await reports_of(deps.db, found)
    return [order_summary(deps, order, [r for r in reports if r["order"] == order["_id"]]) for order in found]


@orders.command("show")
@click.argument("order")
@json_option("an object with reports[], llm{}, mails[] and dead[]")
def show_order(order: str, as_json: bool) -> None:
    """Show an order: its state, reports, cost, mails, dead letters."""
    view = with_deps(lambda deps: _view(deps, order))
    if as_json:
        show_json(view)
        return
    from handlers.cli.tables import print_fields

    cost = f"{view['llm']['cost_usd']} USD in {view['llm']['attempts']} calls"
    names = ("order_id", "state", "product", "language", "paid_at", "url", "attention")
    print_fields({**{name: view[name] for name in names}, "cost": cost})
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


async def _view(deps: Deps, order_id: str) -> Row:
    from handlers.views import order_view
    from storage.orders import find_order

    return await order_view(deps, expect(await find_order(deps.db, order_id), f"order {order_id}"))
