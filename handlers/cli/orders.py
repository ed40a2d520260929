"""`pressroom orders …`: what became of an order."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from handlers.cli.costs import cost
from handlers.cli.resume import resume

if TYPE_CHECKING:
    from actors.deps import Deps


@click.group()
def orders() -> None:
    """Look at orders."""


orders.add_command(cost)
orders.add_command(resume)


@orders.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True)
def list_orders(limit: int, as_json: bool) -> None:
    """List the newest orders."""
    from handlers.cli.session import show, with_deps

    show(
        with_deps(lambda deps: _list(deps, limit)),
        ("order_id", "state", "product", "placed_at", "attention"),
        as_json=as_json,
    )


@orders.command("show")
@click.argument("order")
@click.option("--json", "as_json", is_flag=True)
def show_order(order: str, as_json: bool) -> None:
    """Show one order: its state, reports, costs, mails and dead letters."""
    from handlers.cli.session import show, show_json, with_deps

    view = with_deps(lambda deps: _show(deps, order))
    if view is None:
        click.echo(f"pressroom: There is no order {order}.", err=True)
        sys.exit(1)
    if as_json:
        show_json(view)
        return
    for name in ("order_id", "state", "product", "paid_at", "url", "attention"):
        click.echo(f"{name:<10} {'' if view[name] is None else view[name]}")
    click.echo(f"{'cost':<10} {view['llm']['cost_usd']} USD in {view['llm']['attempts']} calls")
    show(view["reports"], ("product", "state", "sections_done", "sections_total", "chunks_done"), as_json=False)
    show(view["mails"], ("kind", "state", "message_id"), as_json=False)
    for letter in view["dead"]:
        click.echo(f"dead letter {letter}")


async def _list(deps: Deps, limit: int) -> list[dict[str, Any]]:
    from handlers.views import order_summary
    from storage.orders import latest_orders
    from storage.reports import reports_of

    found = await latest_orders(deps.db, limit)
    reports = await reports_of(deps.db, found)
    return [order_summary(deps, order, [r for r in reports if r["order"] == order["_id"]]) for order in found]


async def _show(deps: Deps, order_id: str) -> dict[str, Any] | None:
    from handlers.views import order_view
    from storage.orders import find_order

    order = await find_order(deps.db, order_id)
    return await order_view(deps, order) if order else None
