"""GET and POST /orders/{token}/answers: a customer's answers after the purchase, to be changed or asked to be."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.intake.answers import plain_answers
from actors.mail.brand import language_of
from actors.orders.customers.correction import (
    Stage,
    ask_remake,
    changed_answers,
    correct_own,
    correctable_questions,
    mark_of,
    stage_of,
)
from actors.products.answer_types import Place, clock_of
from actors.products.catalogue import offer_of
from actors.products.questions import BIRTH_DATE, BIRTH_PLACE, BIRTH_TIME
from handlers.web.doubts import Settled, settle
from handlers.web.fields import fields_of, find_mistakes, reviewed_answers
from handlers.web.page import page
from handlers.web.requests import DEADLINE_S, order_of, read_form
from infra.places.clocks import said_place
from storage.records.orders import Order


async def answers_form(request: Request) -> Response:
    """Show the form, or its review, or take it once it is reviewed. Looking changes nothing.

    What comes too late is not taken, and the page says so (409). A form that is sent twice changes nothing more.
    """
    given = await read_form(request) if request.method == "POST" else {}
    async with asyncio.timeout(DEADLINE_S):
        order = await order_of(request)
        stage = await stage_of(request.state.deps, order)
        if stage not in ("open", "remake"):
            return _say(request, order, stage or "none", 409 if given and stage != "asked" else 200)
        if not given:
            return _form(request, order, stage, _shown(order), {})
        return await _take(request, order, stage, given)


async def _take(request: Request, order: Order, stage: Stage, given: Mapping[str, str]) -> Response:
    """Take a form at a stage at which it may be taken."""
    deps: Deps = request.state.deps
    given, language = _unshown(order, given), language_of(deps, order)
    mistakes = find_mistakes(correctable_questions(order), _needed(order), given, deps.clock.now(), language)
    if mistakes or "change" in given:
        return _form(request, order, stage, given, mistakes)
    settled = _settle(request, order, given)
    answers = changed_answers(deps, order, {**given, BIRTH_TIME.id: "", **settled.answers})
    if not answers:
        return _say(request, order, "same", 200)
    if given.get("mark") != mark_of(order):
        return _form(request, order, stage, _shown(order), {}, is_stale=True)
    # Not yet reviewed, or as what it cannot be any more, or with a doubt.
    if given.get("sure") != stage or settled.is_open:
        return _review(request, order, stage, given, settled)
    correct, done = (correct_own, "corrected") if stage == "open" else (ask_remake, "asked")
    if await correct(deps, order, answers):
        return _say(request, order, done, 200)
    return await _say_why(request, stage)


async def _say_why(request: Request, tried: Stage) -> Response:
    """Say why a form was not taken: another was, writing has begun, or something else happened at this moment."""
    order = await order_of(request)
    stage = await stage_of(request.state.deps, order)
    if stage == tried:
        return _form(request, order, stage, _shown(order), {}, is_stale=True)
    if stage == "asked":
        return _say(request, order, "asked", 200)
    return _say(request, order, "late" if stage else "none", 409)


def _needed(order: Order) -> list[str]:
    offer = offer_of(order["product"])
    return list(offer.needed) if offer else []


def _form(
    request: Request,
    order: Order,
    stage: Stage,
    given: Mapping[str, str],
    mistakes: Mapping[str, str],
    *,
    is_stale: bool = False,
) -> Response:
    questions, now = correctable_questions(order), request.state.deps.clock.now()
    fields = fields_of(questions.values(), _needed(order), given, mistakes, _language_of(request, order), now)
    # With the mark of what the form was made from, so that it is not taken once that has changed.
    mark = given.get("mark") or mark_of(order)
    status = 409 if is_stale else 422 if mistakes else 200
    return _page(request, order, status, fields=fields, stage=stage, stale=is_stale, mark=mark)


def _review(request: Request, order: Order, stage: Stage, given: Mapping[str, str], settled: Settled) -> Response:
    questions = correctable_questions(order)
    answers = plain_answers(questions, given, request.state.deps.clock.now())
    told = reviewed_answers(settled.clear(questions), answers, _language_of(request, order))
    facts = {"stage": stage, "told": told, "answers": answers, "mark": mark_of(order), "settled": settled}
    is_late = given.get("sure", stage) != stage
    status = 409 if is_late else 422 if "sure" in given else 200
    return _page(request, order, status, outcome="review", late=is_late, **facts)


def _shown(order: Order) -> dict[str, str]:
    """Return an order's answers as their writer knows them: a place without its position."""
    places = {name for name, one in correctable_questions(order).items() if isinstance(one.type, Place)}
    return {name: said_place(text) if name in places else text for name, text in order["answers"].items()}


def _unshown(order: Order, given: Mapping[str, str]) -> dict[str, str]:
    """Return what was given, with the answers that the order has for those that were left as they were shown.

    What the clocks of another day or place were ahead of UTC says nothing, and is left out of the time.
    """
    kept = {name: order["answers"][name] for name, text in _shown(order).items() if given.get(name) == text}
    if BIRTH_TIME.id in kept and not kept.keys() >= {BIRTH_DATE.id, BIRTH_PLACE.id} & order["answers"].keys():
        kept[BIRTH_TIME.id] = clock_of(kept[BIRTH_TIME.id])
    return {**given, **kept}


def _settle(request: Request, order: Order, given: Mapping[str, str]) -> Settled:
    """Return a form's answers with the doubts about those that are new: what stood before is not asked again."""
    deps, questions = request.state.deps, correctable_questions(order)
    answers = plain_answers(questions, given, deps.clock.now())
    new = {name: one for name, one in questions.items() if answers.get(name) != order["answers"].get(name)}
    asked = {name: one for name, one in questions.items() if name in new or (new and name == BIRTH_TIME.id)}
    return settle(asked, answers, _needed(order), given, language_of(deps, order))


def _say(request: Request, order: Order, outcome: str, status: int) -> Response:
    return _page(request, order, status, outcome=outcome)


def _page(request: Request, order: Order, status: int, **facts: object) -> Response:
    path = request.url.path.rpartition("/")[0]
    return page(request, "answers.html", status, about=order, path=path, **{"fields": (), **facts})


def _language_of(request: Request, order: Order) -> str:
    """Return the language of the questions: the report's, else the page's."""
    return order["answers"].get("language") or language_of(request.state.deps, order)
