"""GET and POST /orders/{token}/details: the form for answers that a paid order still lacks."""

import asyncio
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.intake.answers import mistakes_in, plain_answers
from actors.mail.brand import language_of
from actors.orders.customers.details import fill_in
from actors.orders.hindrances import withheld_for
from actors.products.catalogue import offer_of, question_of
from actors.products.questions import BIRTH_DATE, BIRTH_PLACE, BIRTH_TIME, Question
from handlers.web.doubts import Settled, settle
from handlers.web.fields import fields_of, find_mistakes
from handlers.web.page import page
from handlers.web.requests import DEADLINE_S, order_of, read_form
from infra.speech.say import ENGLISH
from storage.corrections import settle_answer
from storage.order_state import is_refunded
from storage.records.orders import Order

#: The answers that may put in doubt a time of birth which was told before.
_OF_CLOCKS = {BIRTH_DATE.id, BIRTH_PLACE.id}


async def details_form(request: Request) -> Response:
    """Show the form for missing answers, or take it. Begin the reports once none is missing, and say so.

    Where the money went back, or goes back, there is no form but the words of the order's page; what is sent all
    the same is not taken (409).
    """
    given = await read_form(request) if request.method == "POST" else {}
    async with asyncio.timeout(DEADLINE_S):
        order = await order_of(request)
        if order["product"] is None:
            raise HTTPException(404, "There is no such order.\n")
        deps: Deps = request.state.deps
        withheld = withheld_for(deps, order)
        # A dispute that is open only has the mail wait: answers are still taken.
        if withheld and (is_refunded(order) or order["dispute_lost"]):
            status = 409 if request.method == "POST" else 200
            return page(request, "withheld.html", status, about=order, withheld=withheld)
        if given and (order["missing"] or "details_by" in order):
            order = await _fill(deps, order, given)
    missing, now = _missing(order), deps.clock.now()
    language = language_of(deps, order)
    mistakes = find_mistakes(missing, missing, given, now, language) if request.method == "POST" else {}
    of_report = order["answers"].get("language") or language
    fields = fields_of(missing.values(), missing, given, mistakes, of_report, now)
    settled = _settle(order, given, now, language)
    status = 422 if mistakes or settled.doubts else 200
    return page(request, "details.html", status, about=order, fields=fields, settled=settled)


def _missing(order: Order) -> dict[str, Question]:
    return {name: question_of(order["product"], name) for name in order["missing"]}


def _settle(order: Order, given: dict[str, str], now: datetime, language: str = ENGLISH) -> Settled:
    """Return the missing answers that a form brings, with their doubts. Who comes without our form has none.

    A time of birth that was told before is asked about with the date or place that puts it in doubt.
    """
    missing = _missing(order)
    wrong = mistakes_in(missing, given, now)
    right = {name: question for name, question in missing.items() if name not in wrong}
    answers = plain_answers(right, given, now)
    if "reviewed" not in given:
        return Settled(answers, [])
    asked = {**right, BIRTH_TIME.id: BIRTH_TIME} if right.keys() & _OF_CLOCKS else right
    settled = settle(asked, order["answers"] | answers, _needed(order), given, language)
    return settled._replace(answers={name: text for name, text in settled.answers.items() if name in asked})


def _needed(order: Order) -> set[str]:
    offer = offer_of(order["product"])
    return {*order["missing"], *(offer.needed if offer else ())}


async def _fill(deps: Deps, order: Order, given: dict[str, str]) -> Order:
    """Fill in the answers of a form that are in no doubt. Returns the order as it then stands."""
    settled = _settle(order, given, deps.clock.now())
    # What is chosen beforehand counts once its field was sent.
    in_doubt = {doubt.id for doubt in settled.doubts if doubt.field not in given or not doubt.chosen}
    if BIRTH_TIME.id in order["answers"] and BIRTH_TIME.id in {doubt.id for doubt in settled.doubts}:
        if BIRTH_TIME.id in in_doubt:  # the report would be begun with it
            in_doubt |= _OF_CLOCKS
        else:
            await settle_answer(deps.db, order, BIRTH_TIME.id, settled.answers.get(BIRTH_TIME.id))
    answers = {name: answer for name, answer in settled.answers.items() if name not in in_doubt}
    return await fill_in(deps, order, answers)
