"""GET /ops/, /ops/orders, /ops/search and /ops/orders/{order}: orders, as operators look at them."""

from collections import Counter
from collections.abc import Mapping
from operator import itemgetter
from typing import get_args
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from actors.deps.process import Deps
from actors.mail.formatting import written_amount
from handlers.ops.page import page, rendered
from handlers.views.desk import PersonView, for_a_person
from handlers.views.orders import order_view, orders_summary
from handlers.views.search import search
from handlers.views.timeline import timeline
from handlers.web.live import live
from storage.grouping import grouped
from storage.history import steps_at_a_glance
from storage.orders import find_order, latest_orders
from storage.records.orders import Order
from storage.records.plans import StepKind
from storage.records.work import Step

#: Orders on a page.
_MOST = 100


async def needing_a_person(request: Request) -> Response:
    """Show the orders that need a person."""
    deps: Deps = request.state.deps
    found = await for_a_person(deps, _MOST)
    return page(request, "overview.html", orders=found, more=len(found) == _MOST, money=_money(found))


async def newest(request: Request) -> Response:
    """Show the newest orders."""
    deps: Deps = request.state.deps
    found = await orders_summary(deps, await latest_orders(deps.db, _MOST))
    lead = f"The newest {len(found)}." if found else "There is none yet."
    return page(request, "listing.html", heading="Orders", lead=lead, orders=found)


async def find(request: Request) -> Response:
    """Show the orders that a text names. An exact hit opens the order."""
    looked_for = request.query_params.get("q", "")
    found = await search(request.state.deps, looked_for)
    if len(found) == 1:
        return RedirectResponse(f"/ops/orders/{quote(found[0]['order_id'])}", 303)
    lead = f"{len(found)} orders, the newest first." if found else "No order is known by that."
    return page(request, "listing.html", heading="Found", lead=lead, orders=found, looked_for=looked_for)


async def one(request: Request) -> Response:
    """Show an order: its state, its reports with their steps, its cost, its dead letters, and its timeline."""
    return HTMLResponse(rendered(request, "order.html", **await _facts_of(request)))


async def follow(request: Request) -> Response:
    """Stream the live part of an order's page, whenever it changes."""
    await _facts_of(request)

    async def show() -> str:
        return rendered(request, "order_live.html", **await _facts_of(request))

    return live(request, request.path_params["order"], show)


async def _facts_of(request: Request) -> dict[str, object]:
    """Return what an order's page shows. HTTPException 404 if there is no such order."""
    deps: Deps = request.state.deps
    order = await find_order(deps.db, request.path_params["order"])
    if order is None:
        raise HTTPException(404, "There is no such order.")
    view = await order_view(deps, order)
    steps = await steps_at_a_glance(deps.db, order)
    by_kind = grouped(steps, itemgetter("product", "kind"))
    reports = [report | {"steps": _of_product(by_kind, report["product"])} for report in view["reports"]]
    return {
        "order": view | {"reports": reports},
        "refunded": _refunded(order),
        "timeline": await timeline(deps, order, steps),
    }


def _refunded(order: Order) -> str:
    return written_amount(order["amount_refunded"], order["currency"] or "") if order["amount_refunded"] else ""


def _of_product(steps: Mapping[tuple[str, str], list[Step]], product: str) -> list[tuple[str, list[Step]]]:
    """Return the steps of a product's report by those kinds that it has."""
    return [(kind, steps[product, kind]) for kind in get_args(StepKind) if (product, kind) in steps]


def _money(orders: list[PersonView]) -> str:
    """Return the sums that were paid for orders, by currency."""
    sums: Counter[str] = Counter()
    for order in orders:
        if order["paid_at"] and order["amount"] is not None and order["currency"]:
            sums[order["currency"]] += order["amount"]
    return " and ".join(written_amount(amount, currency) for currency, amount in sorted(sums.items()))
