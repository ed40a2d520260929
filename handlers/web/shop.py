"""Shop: the offers, a form for what a report needs, its review, and the way to Stripe's payment page."""

import asyncio
import secrets
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from actors.deps.process import Deps
from actors.intake.answers import plain_answers
from actors.intake.gift import gift_of, gift_questions, needed_of_gift
from actors.orders.estimate import estimate_s, spoken_estimate
from actors.products.catalogue import CURRENCY, OFFERS, Offer
from handlers.web.doubts import settle
from handlers.web.fields import fields_of, find_mistakes, reviewed_answers
from handlers.web.inside import SAMPLES, parts_of
from handlers.web.page import page
from handlers.web.requests import preferred_languages, read_form, visitors_language
from infra.errors import PermanentError, TransientError, describe
from infra.links import Links
from infra.logs import log
from infra.speech.say import say
from infra.stripe.client import Purchase, Stripe
from infra.tenants import MAIN
from storage.forms import keep_form, note_session

_DEADLINE_S = 25.0
#: For a figure without which the page is as good.
_PATIENCE_S = 1.0


async def home(request: Request) -> Response:
    """Show the offers."""
    deps: Deps = request.state.deps
    offers = [offer for name, offer in OFFERS.items() if deps.tenants[MAIN].sells(name)]
    return page(request, "home.html", offers=offers)


async def product_page(request: Request) -> Response:
    """Show one product and its form."""
    return await _form(request, _sold(request, request.path_params["product"]), {}, {})


async def review(request: Request) -> Response:
    """Show the answers as they are understood, before the customer pays.

    Show the form again if one is missing or wrong, or is to be changed.
    """
    given = await read_form(request)
    offer = _sold(request, given.get("product", ""))
    mistakes = _mistakes(request, offer, given)
    if mistakes or "change" in given:
        return await _form(request, offer, given, mistakes)
    return _review(request, offer, given, 200)


async def checkout(request: Request) -> Response:
    """Keep the answers and send the customer to Stripe.

    Show the form again if an answer is missing or wrong, or its review without a consent that is asked for, or
    with a doubt that is not settled. Who comes without the review gets their words taken as they are.
    """
    deps: Deps = request.state.deps
    given = await read_form(request)
    offer = _sold(request, given.get("product", ""))
    if mistakes := _mistakes(request, offer, given):
        return await _form(request, offer, given, mistakes)
    of_gift, now = gift_questions(_zone(deps)), deps.clock.now()
    answers, is_open = plain_answers({**offer.questions, **of_gift}, given, now), False
    if "reviewed" in given:
        settled = settle({**offer.asked, **of_gift}, answers, offer.needed, given, visitors_language(request))
        answers, is_open = settled.answers, settled.is_open
    if is_open or (deps.settings.consent and given.get("consent") != "yes"):
        return _review(request, offer, given, 422)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            url = await _open_checkout(deps, offer, answers, visitors_language(request))
    except (TransientError, PermanentError, TimeoutError) as error:
        log.error("checkout_failed", product=offer.name, error=describe(error))
        language = visitors_language(request)
        sorry = say(language, "Payment is not possible at the moment. Please try again in a minute.")
        return PlainTextResponse(f"{sorry}\n", 503)
    return RedirectResponse(url, 303)


def _sold(request: Request, product: str) -> Offer:
    """Return the offer of that name. HTTPException 404 if the main tenant, whose shop it is, does not sell it."""
    deps: Deps = request.state.deps
    if product not in OFFERS or not deps.tenants[MAIN].sells(product):
        raise HTTPException(404, "There is no such product.\n")
    return OFFERS[product]


def _zone(deps: Deps) -> str:
    """Return the time zone of the shop, which is the main tenant's."""
    return deps.tenants[MAIN].timezone or deps.settings.timezone


def _mistakes(request: Request, offer: Offer, given: Mapping[str, str]) -> dict[str, str]:
    deps: Deps = request.state.deps
    asked, needed = {**offer.asked, **gift_questions(_zone(deps))}, [*offer.needed, *needed_of_gift(given)]
    return find_mistakes(asked, needed, given, deps.clock.now(), visitors_language(request))


async def _open_checkout(deps: Deps, offer: Offer, answers: dict[str, str], language: str) -> str:
    reference, now, consent = secrets.token_urlsafe(18), deps.clock.now(), deps.settings.consent
    zone = _zone(deps)
    gift, of_gift = gift_of(answers, zone, now), gift_questions(zone)
    own = {name: answer for name, answer in answers.items() if name not in of_gift}
    await keep_form(deps.db, reference, offer.name, own, now, locale=language, consent=consent, gift=gift)
    base, links = deps.settings.public_url.rstrip("/"), Links(deps.settings)
    purchase = Purchase(
        reference=reference,
        product=offer.name,
        title=offer.title,
        price=offer.price,
        currency=CURRENCY,
        success_url=links.order(reference),
        cancel_url=f"{base}/products/{offer.name}",
        locale=language,
    )
    till = await Stripe(deps.settings).open_checkout(purchase)
    await note_session(deps.db, reference, till.session)
    return till.url


async def _form(request: Request, offer: Offer, given: Mapping[str, str], mistakes: Mapping[str, str]) -> Response:
    deps: Deps = request.state.deps
    now, language, of_gift = deps.clock.now(), _language_of_questions(request, offer), gift_questions(_zone(deps))
    fields = fields_of(offer.asked.values(), offer.needed, given, mistakes, language, now)
    return page(
        request,
        "product.html",
        422 if mistakes else 200,
        offer=offer,
        fields=fields,
        fields_of_gift=fields_of(of_gift.values(), (), given, mistakes, language, now),
        usual=await _usual(request, offer),
        inside=[(product, parts_of(product), SAMPLES.get(product.name)) for product in offer.products],
        one_by_one=sum(product.price for product in offer.products),
    )


def _review(request: Request, offer: Offer, given: Mapping[str, str], status: int) -> Response:
    deps: Deps = request.state.deps
    of_gift = gift_questions(_zone(deps))
    asked = {**offer.asked, **of_gift}
    answers = plain_answers(asked, given, deps.clock.now())
    settled = settle(asked, answers, offer.needed, given, visitors_language(request))
    # What is not said of a gift is not told as left out.
    clear = {name: one for name, one in settled.clear(asked).items() if name in answers or name not in of_gift}
    told = reviewed_answers(clear, answers, _language_of_questions(request, offer))
    return page(
        request,
        "review.html",
        status,
        offer=offer,
        told=told,
        answers=answers,
        settled=settled,
        consent=deps.settings.consent,
    )


def _language_of_questions(request: Request, offer: Offer) -> str:
    """Return the first of the browser's languages that the product asks in, else that of the page."""
    spoken = {
        tag for question in offer.asked.values() if isinstance(question.words, Mapping) for tag in question.words
    }
    tags = preferred_languages(request)
    asked_in = (tag for tag in tags if {tag, tag.partition("-")[0]} & spoken)
    return next(asked_in, visitors_language(request))


async def _usual(request: Request, offer: Offer) -> str | None:
    """Return how long such an order usually takes. None if that is unknown, or no less than is promised."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            likely_s = await estimate_s(request.state.deps, list(offer.reports))
    except (TransientError, TimeoutError):
        return None
    return spoken_estimate(likely_s, visitors_language(request)) if likely_s < offer.promise_s else None
