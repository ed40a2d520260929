"""`pressroom orders cost`: payments to the LLM, for an order or summed over many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, json_option, with_deps
from handlers.cli.output import show, show_json
from handlers.cli.times import Past

if TYPE_CHECKING:
    from actors.deps.process import Deps
    from storage.costs import By

_LOOK_BACK = timedelta(days=30)
#: As many as a terminal has room for.
_COLUMNS = ("calls", "open", "in", "cached", "stored", "stored_usd", "out", "usd")
#: `storage.costs.By`, which is not imported before a command runs.
_FIELDS = ("order", "product", "tenant", "day", "model")


@click.command()
@click.argument("order", required=False)
@click.option("--by", type=click.Choice(_FIELDS), help="Sum over many orders.  [default: order]")
@click.option("--since", type=Past(), help="From then on: 3d or 12h ago, or a time.  [default: 30d]")
@click.option("--until", type=Past(), help="Before then, said likewise.  [default: now]")
@click.option("--limit", metavar="N", type=click.IntRange(1, 10_000), help="Rows at most.  [default: 100]")
@json_option("an object of reports[] and total with ORDER, else an array of sums")
def cost(
    order: str | None,
    by: By | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show what an order cost, or many orders did.

    With ORDER, section by section; without, summed over the orders of some time.

    Days are listed newest first, all else dearest first. A cost of which a part is unknown is null, beside the
    part that is known. Possibly paid are calls whose answers were not recorded; no sum holds them. Stored is
    input that the provider wrote to its cache; what that cost is part of the whole.
    """
    if order is not None:
        if (by, since, until, limit) != (None,) * 4:
            raise click.UsageError("Name an order, or say what to sum by.")
        view = with_deps(lambda deps: _order(deps, order))
        if as_json:
            show_json(view)
        else:
            show(_order_rows(view), ("section", "outcomes", "models", *_COLUMNS))
        return
    now = datetime.now(UTC)
    begin, end, field = since or now - _LOOK_BACK, until or now, by or "order"
    if begin >= end:
        raise click.UsageError("--since must be before --until.")
    sums = with_deps(lambda deps: _sums(deps, field, begin, end, limit or 100))
    show(sums if as_json else [_on_terminal(row) for row in sums], (field, *_COLUMNS), as_json=as_json)


async def _sums(deps: Deps, by: By, since: datetime, until: datetime, limit: int) -> list[Row]:
    from handlers.views.orders import sum_view
    from storage.costs import costs_by

    return [{by: name, **sum_view(costs)} for name, costs in await costs_by(deps.db, by, since, until, limit)]


async def _order(deps: Deps, order_id: str) -> Row:
    from handlers.views.orders import order_costs
    from storage.orders import named_order

    return await order_costs(deps, await named_order(deps.db, order_id))


def _order_rows(view: Row) -> list[Row]:
    rows: list[Row] = []
    for report in view["reports"]:
        rows.append({"section": report["product"], **report["total"]})
        rows += [_section_row(section) for section in report["sections"]]
    rows.append({"section": "in all", **view["total"]})
    return [_on_terminal(row) for row in rows]


def _section_row(section: Row) -> Row:
    words = {name: ", ".join(section[name]) for name in ("outcomes", "models")}
    return {**section, **words, "section": f"  {section['section']}"}


def _on_terminal(row: Row) -> Row:
    usd = f"{row['known_usd']:.6f}"
    if row["cost_usd"] is None:
        usd = f"{usd} + unknown" if row["known_usd"] else "unknown"
    stored_usd = "unknown" if row["cache_write_usd"] is None else f"{row['cache_write_usd']:.6f}"
    return {
        **row,
        "calls": row["attempts"],
        "open": row["possibly_paid"],
        "in": row["input_tokens"],
        "cached": row["cached_tokens"],
        "stored": row["cache_write_tokens"],
        "stored_usd": stored_usd,
        "out": row["output_tokens"],
        "usd": usd,
    }
