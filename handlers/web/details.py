"""GET and POST /orders/{token}/details: the form for answers that a paid order still lacks."""

import asyncio

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.intake.address import plain_email
from actors.intake.answers import plain_answers
from actors.intake.placing import start_order
from actors.products.catalogue import title_of
from handlers.web.page import page
from handlers.web.requests import order_of, read_form
from storage.errands import settle_errand
from storage.orders import fill_details, find_order
from storage.records.orders import Order

log = structlog.get_logger()

_DEADLINE_S = 5.0


async def details_form(request: Request) -> Response:
    """Show the form for missing answers, or take it. Begin the reports once none is missing, and say so."""
    given = await read_form(request) if request.method == "POST" else {}
    async with asyncio.timeout(_DEADLINE_S):
        order = await order_of(request)
        if order["product"] is None:
            raise HTTPException(404, "There is no such order.\n")
        if given and (order["missing"] or "details_by" in order) and not order["stopped"]:
            order = await _fill(request.state.deps, order, given)
    wanted = [] if order["stopped"] else order["missing"]
    status = 422 if wanted and request.method == "POST" else 200
    title = title_of(order["product"])
    return page(request, "details.html", status, tenant=order["tenant"], title=title, wanted=wanted, given=given)


async def _fill(deps: Deps, order: Order, given: dict[str, str]) -> Order:
    email = plain_email(given.get("email"))
    now = deps.clock.now()
    answers = plain_answers(given, now) | ({"email": email} if email else {})
    await fill_details(deps.db, order["_id"], answers, now)
    filled = await find_order(deps.db, order["_id"]) or order
    if not filled["missing"]:
        log.info("details_filled", order=order["_id"])
        await start_order(deps, filled)
        await settle_errand(deps.db, filled, "start_order", None)
    return filled
