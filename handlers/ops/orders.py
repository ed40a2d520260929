"""GET /ops/, /ops/orders, /ops/search and /ops/orders/{order}: orders, as operators look at them."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import get_args
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from actors.deps.process import Deps
from handlers.ops.guard import operator_of
from handlers.ops.page import expect, page, rendered
from handlers.ops.possible import possible_acts
from handlers.views.customer import customer_view
from handlers.views.desk import for_a_person
from handlers.views.mails import MailView, mails_of
from handlers.views.money import sums_by_currency
from handlers.views.orders import OrderView, order_costs, order_view, orders_summary
from handlers.views.pauses import pauses_of
from handlers.views.search import search
from handlers.views.ticket import ticket_of
from handlers.views.timeline import timeline
from handlers.web.live import live
from storage.grouping import grouped
from storage.order_state import request_of
from storage.orders import find_order, latest_orders
from storage.records.orders import Order
from storage.records.plans import StepKind
from storage.records.work import Step
from storage.steps import steps_at_a_glance

#: Orders on a page.
_MOST = 100


async def needing_a_person(request: Request) -> Response:
    """Show the orders that need a person."""
    deps: Deps = request.state.deps
    found = await for_a_person(deps, _MOST)
    paid = sums_by_currency(
        (one["amount"], one["currency"])
        for one in found
        if one["paid_at"] and one["amount"] is not None and one["currency"]
    )
    return page(request, "overview.html", orders=found, more=len(found) == _MOST, paid=paid)


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


async def follow(request: Request) -> Response:
    """Stream the live part of an order's page, whenever it changes."""
    async with request.state.news.turns:
        await order_named(request)

    async def show() -> str:
        deps: Deps = request.state.deps
        order = await order_named(request)
        view, mails = await order_view(deps, order), await mails_of(deps, order)
        return rendered(request, "order_live.html", **await _live_facts(deps, order, view, mails))

    return live(request, request.path_params["order"], show)


async def show_order(request: Request, mistake: str = "", status: int = 200, *, clear: bool = False) -> Response:
    """Show an order: state, reports and steps, cost, mails, timeline, and what the operator may do about it.

    With it comes what hindered an act, if anything did. Its customer is masked unless they are clear.
    """
    deps: Deps = request.state.deps
    order = await order_named(request)
    view, mails = await order_view(deps, order), await mails_of(deps, order)
    text = rendered(
        request,
        "order.html",
        **await _live_facts(deps, order, view, mails),
        customer=customer_view(deps, order, clear=clear),
        costs=await order_costs(deps, order),
        ticket=ticket_of(view, mails),
        acts=await possible_acts(deps, order, operator_of(request)),
        mistake=mistake,
    )
    return HTMLResponse(text, status)


async def _live_facts(deps: Deps, order: Order, view: OrderView, mails: Sequence[MailView]) -> dict[str, object]:
    """Return what the part of an order's page shows that changes by itself."""
    steps = await steps_at_a_glance(deps.db, order)
    by_kind = grouped(steps, itemgetter("product", "kind"))
    reports = [report | {"steps": _of_product(by_kind, report["product"])} for report in view["reports"]]
    return {
        "order": view | {"reports": reports},
        "currency": order["currency"],
        "mails": mails,
        "pauses": await pauses_of(deps, order),
        "customer_asks": request_of(order),
        "remaking": sorted(order.get("remaking", ())),
        "timeline": await timeline(deps, order, steps),
    }


async def order_named(request: Request) -> Order:
    """Return the order that the path names. HTTPException 404 if there is none."""
    deps: Deps = request.state.deps
    return expect(await find_order(deps.db, request.path_params["order"]), "There is no such order.")


def _of_product(steps: Mapping[tuple[str, str], list[Step]], product: str) -> list[tuple[str, list[Step]]]:
    """Return the steps of a product's report by those kinds that it has."""
    return [(kind, steps[product, kind]) for kind in get_args(StepKind) if (product, kind) in steps]
