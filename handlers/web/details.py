"""GET and POST /orders/{token}/details: what a paid order still needs from its customer."""

import asyncio

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from actors.catalogue import OFFERS
from actors.deps import Deps
from actors.intake.session import plain_email
from actors.start_order import start_order
from handlers.web.forms import FormCannotBeRead, fields_for, read_form, usable_answers
from handlers.web.page import page
from infra.errors import TransientError
from infra.links import Links
from storage.database import Document
from storage.orders import fill_details, find_order, find_order_by_token

log = structlog.get_logger()

_DEADLINE_S = 5.0


async def details_form(request: Request) -> Response:
    """Show the form for what is missing, or take it; once nothing is missing, say so and begin the reports."""
    deps: Deps = request.state.deps
    try:
        given = await read_form(request) if request.method == "POST" else {}
        async with asyncio.timeout(_DEADLINE_S):
            order = await _order(deps, request.path_params["token"])
            if order is None or order["product"] is None:
                return PlainTextResponse("There is no such order.\n", 404)
            if given and (order["missing"] or "details_by" in order) and not order["stopped"]:
                order = await _fill(deps, order, given)
    except FormCannotBeRead as error:
        return PlainTextResponse(f"{error}\n", 400)
    except (TransientError, TimeoutError):
        return PlainTextResponse("Please try again in a minute.\n", 503, headers={"Retry-After": "60"})
    return _answer(request, order, given)


def _answer(request: Request, order: Document, given: dict[str, str]) -> Response:
    wanted = [] if order["stopped"] else order["missing"]
    title = OFFERS[order["product"]].title
    status = 422 if wanted and request.method == "POST" else 200
    deps: Deps = request.state.deps
    fields = fields_for(wanted, given, deps.clock.now().date())
    facts = {"title": title, "fields": fields, "incomplete": status != 200}
    return page(request, "details.html", status, tenant=order["tenant"], **facts)


async def _order(deps: Deps, signed: str) -> Document | None:
    token = Links(deps.settings).read(signed)
    return await find_order_by_token(deps.db, token) if token else None


async def _fill(deps: Deps, order: Document, given: dict[str, str]) -> Document:
    email = plain_email(given.get("email", "").strip())
    now = deps.clock.now()
    answers = usable_answers(given, now.date()) | ({"email": email} if email else {})
    await fill_details(deps.db, order["_id"], answers, now)
    filled = await find_order(deps.db, order["_id"]) or order
    if not filled["missing"]:
        log.info("details_filled", order=order["_id"])
        await start_order(deps, order["_id"])
    return filled
