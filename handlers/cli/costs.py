"""`pressroom orders cost`: what was paid to the LLM, for an order or summed over many."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from handlers.cli.moments import Past

if TYPE_CHECKING:
    from actors.deps import Deps
    from storage.costs import By

_LOOK_BACK = timedelta(days=30)
#: What a terminal has room for.
_COLUMNS = ("calls", "open", "in", "cached", "out", "usd")
#: `storage.costs.By`, which is not imported before a command runs.
_FIELDS = ("order", "product", "tenant", "day", "model")


@click.command()
@click.argument("order", required=False)
@click.option("--by", type=click.Choice(_FIELDS), help="Sum over many orders.  [default: order]")
@click.option("--since", type=Past(), help="From then on.  [default: 30d]")
@click.option("--until", type=Past(), help="Before then.  [default: now]")
@click.option("--limit", type=click.IntRange(1, 10_000), help="Rows at most.  [default: 100]")
@click.option("--json", "as_json", is_flag=True)
def cost(
    order: str | None,
    by: By | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show what an order cost, section by section; without ORDER, what many orders cost.

    Days are listed newest first, all else dearest first. A cost of which a part is unknown is null, beside the
    part that is known. Possibly paid are calls whose answers were not recorded; no sum holds them.
    """
    if order is not None:
        if (by, since, until, limit) != (None,) * 4:
            raise click.UsageError("Name an order, or say what to sum by.")
        _show_order(order, as_json=as_json)
        return
    now = datetime.now(UTC)
    begin, end = since or now - _LOOK_BACK, until or now
    if begin >= end:
        raise click.UsageError("--since must be before --until.")
    _show_sums(by or "order", begin, end, limit or 100, as_json=as_json)


def _show_sums(by: By, since: datetime, until: datetime, limit: int, *, as_json: bool) -> None:
    from handlers.cli.session import show, with_deps
    from handlers.cost_views import sum_view
    from storage.costs import costs_by

    async def find(deps: Deps) -> list[dict[str, Any]]:
        found = await costs_by(deps.db, by, since, until, limit)
        return [{by: name, **sum_view(costs)} for name, costs in found]

    rows = with_deps(find)
    show(rows if as_json else [_on_terminal(row) for row in rows], (by, *_COLUMNS), as_json=as_json)


def _show_order(order_id: str, *, as_json: bool) -> None:
    from handlers.cli.session import show, show_json, with_deps

    view = with_deps(lambda deps: _order(deps, order_id))
    if view is None:
        click.echo(f"pressroom: There is no order {order_id}.", err=True)
        sys.exit(1)
    if as_json:
        show_json(view)
        return
    rows: list[dict[str, Any]] = []
    for report in view["reports"]:
        rows.append({"section": report["product"], **report["total"]})
        rows += [_row(section) for section in report["sections"]]
    rows.append({"section": "in all", **view["total"]})
    show([_on_terminal(row) for row in rows], ("section", "outcomes", "models", *_COLUMNS), as_json=False)


def _row(section: dict[str, Any]) -> dict[str, Any]:
    words = {name: ", ".join(section[name]) for name in ("outcomes", "models")}
    return {**section, **words, "section": f"  {section['section']}"}


async def _order(deps: Deps, order_id: str) -> dict[str, Any] | None:
    from handlers.cost_views import order_costs
    from storage.orders import find_order

    order = await find_order(deps.db, order_id)
    return await order_costs(deps, order) if order else None


def _on_terminal(row: dict[str, Any]) -> dict[str, Any]:
    usd = f"{row['known_usd']:.6f}"
    if row["cost_usd"] is None:
        usd = f"{usd} + unknown" if row["known_usd"] else "unknown"
    names = ("attempts", "possibly_paid", "input_tokens", "cached_tokens", "output_tokens")
    return {**row, **dict(zip(_COLUMNS, (*(row[name] for name in names), usd), strict=True))}
