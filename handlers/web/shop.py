"""The shop: what there is to buy, a form for what the report needs to know, and the way to Stripe's till."""

import asyncio
import secrets
from datetime import date

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from actors.catalogue import CURRENCY, OFFERS, Offer
from actors.deps import Deps
from handlers.web.forms import FormCannotBeRead, fields_for, read_form, usable_answers
from handlers.web.page import page
from infra.errors import PermanentError, TransientError
from infra.stripe.client import Purchase, Stripe
from infra.tenants import MAIN
from storage.answers import keep_answers

log = structlog.get_logger()

_DEADLINE_S = 25.0


async def home(request: Request) -> Response:
    """Show what can be bought."""
    offers = [offer for name, offer in OFFERS.items() if _offer(request, name)]
    return page(request, "home.html", 200, offers=offers, thanks="thanks" in request.query_params)


async def product_page(request: Request) -> Response:
    """Show one product and its form."""
    offer = _offer(request, request.path_params["product"])
    if offer is None:
        return PlainTextResponse("There is no such product.\n", 404)
    return _form(request, offer, {}, 200)


async def checkout(request: Request) -> Response:
    """Keep the answers, then send the customer to Stripe; the form again if something needed is missing."""
    try:
        given = await read_form(request)
    except FormCannotBeRead as error:
        return PlainTextResponse(f"{error}\n", 400)
    offer = _offer(request, given.get("product", ""))
    if offer is None:
        return PlainTextResponse("There is no such product.\n", 404)
    answers = usable_answers(given, _today(request))
    if any(not answers.get(name) for name in offer.needed):
        return _form(request, offer, answers, 422)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            url = await _open_checkout(request.state.deps, offer, answers)
    except (TransientError, PermanentError, TimeoutError) as error:
        log.error("checkout_failed", product=offer.name, error=str(error))
        return PlainTextResponse("Payment is not possible at the moment. Please try again in a minute.\n", 503)
    return RedirectResponse(url, 303)


def _offer(request: Request, product: str) -> Offer | None:
    """Return what is sold here under that name: the shop is the main tenant's."""
    deps: Deps = request.state.deps
    return OFFERS.get(product) if deps.tenants[MAIN].sells(product) else None


async def _open_checkout(deps: Deps, offer: Offer, answers: dict[str, str]) -> str:
    reference = secrets.token_urlsafe(18)
    await keep_answers(deps.db, reference, offer.name, answers, deps.clock.now())
    base = deps.settings.public_url.rstrip("/")
    purchase = Purchase(
        reference=reference,
        product=offer.name,
        title=offer.title,
        price=offer.price,
        currency=CURRENCY,
        success_url=f"{base}/?thanks",
        cancel_url=f"{base}/products/{offer.name}",
    )
    return await Stripe(deps.settings).open_checkout(purchase)


def _form(request: Request, offer: Offer, answers: dict[str, str], status: int) -> Response:
    fields = fields_for(offer.needed, answers, _today(request))
    return page(request, "product.html", status, offer=offer, fields=fields, incomplete=status != 200)


def _today(request: Request) -> date:
    deps: Deps = request.state.deps
    return deps.clock.now().date()
