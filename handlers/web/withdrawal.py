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
from handlers.web.page import page
from handlers.web.requests import DEADLINE_S, order_of, read_form
from storage.order_state import is_refunded, paid_at
from storage.records.orders import Order

#: The words for whether the money goes back by itself, as the form carries what it says of that.
_TOLD = {"yes": True, "no": False}


async def withdrawal_form(request: Request) -> Response:
    """Show what a customer declares by the button, or take it. 404 where there is no such right.

    A declaration that is sent twice is one. 409 for one that comes when the right is lost, or when something else
    follows from it than the form said.
    """
    deps: Deps = request.state.deps
    given = await read_form(request) if request.method == "POST" else {}
    async with asyncio.timeout(DEADLINE_S):
        order = await order_of(request)
        right = right_of(deps, order)
        if request.method == "POST" and right == "open":
            await withdraw(deps, order, told=_TOLD.get(given.get("refunding", "")))
            order = await order_of(request)
            right = right_of(deps, order)
        if right is None:
            raise HTTPException(404, "There is no such page.\n")
        # Also where the order has changed: she reads what follows now, and may press the button again.
        is_refused = request.method == "POST" and right != "used"
        facts, status = await _facts(request, order), 409 if is_refused else 200
        return page(request, "withdrawal.html", status, about=order, right=right, changed=is_refused, **facts)


async def _facts(request: Request, order: Order) -> dict[str, object]:
    deps: Deps = request.state.deps
    zone, language = order.get("timezone", "UTC"), language_of(deps, order)

    def said(at: datetime) -> str:
        return spoken_moment(at, zone, language)

    return {
        "order": order["_id"],
        "name": order["answers"].get("name", ""),
        "paid": said(paid_at(order)),
        "received": said(order["withdrawn_at"]) if "withdrawn_at" in order else None,
        "refunding": is_refunded(order) if "withdrawn_at" in order else await is_ours_to_refund(deps, order),
        "path": request.url.path.rpartition("/")[0],
    }
