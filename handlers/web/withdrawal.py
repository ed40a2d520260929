"""GET and POST /orders/{token}/withdrawal: the withdrawal from the contract, in two steps."""

import asyncio
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.mail.brand import language_of
from actors.mail.formatting import spoken_moment
from actors.orders.customers.withdrawal import is_ours_to_refund, right_of, withdraw
from actors.products.catalogue import title_of
from handlers.web.page import page
from handlers.web.requests import order_of
from storage.order_state import is_refunded, paid_at
from storage.records.orders import Order

_DEADLINE_S = 5.0


async def withdrawal_form(request: Request) -> Response:
    """Show what a customer declares by the button, or take it. 404 where there is no such right.

    A declaration that is sent twice is one. 409 for one that comes when the right is lost.
    """
    deps: Deps = request.state.deps
    async with asyncio.timeout(_DEADLINE_S):
        order = await order_of(request)
        right = right_of(deps, order)
        if request.method == "POST" and right == "open":
            await withdraw(deps, order)
            order = await order_of(request)
            right = right_of(deps, order)
        if right is None:
            raise HTTPException(404, "There is no such page.\n")
        # Also where the order changed at this very moment: she may press the button again.
        status = 409 if request.method == "POST" and right != "used" else 200
        facts = await _facts(request, order)
        return page(request, "withdrawal.html", status, about=order, right=right, **facts)


async def _facts(request: Request, order: Order) -> dict[str, object]:
    deps: Deps = request.state.deps
    zone, language = order.get("timezone", "UTC"), language_of(deps, order)

    def said(at: datetime) -> str:
        return spoken_moment(at, zone, language)

    return {
        "title": title_of(order["product"]),
        "order": order["_id"],
        "name": order["answers"].get("name", ""),
        "paid": said(paid_at(order)),
        "received": said(order["withdrawn_at"]) if "withdrawn_at" in order else None,
        "refunding": is_refunded(order) if "withdrawn_at" in order else await is_ours_to_refund(deps, order),
        "path": request.url.path.rpartition("/")[0],
    }
