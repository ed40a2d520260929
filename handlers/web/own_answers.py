"""GET and POST /orders/{token}/answers: a customer's answers after the purchase, to be changed or asked to be."""

import asyncio
from collections.abc import Mapping
from email.utils import parseaddr

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.intake.answers import plain_answers
from actors.mail.brand import sender_of
from actors.orders.own_correction import (
    Stage,
    ask_remake,
    changed_answers,
    correct_own,
    correctable_questions,
    mark_of,
    stage_of,
)
from actors.products.catalogue import offer_of, title_of
from handlers.web.fields import fields_of, find_mistakes, reviewed_answers
from handlers.web.page import page
from handlers.web.requests import order_of, read_form
from storage.records.orders import Order

_DEADLINE_S = 5.0


async def answers_form(request: Request) -> Response:
    """Show the form, or its review, or take it once it is reviewed. Looking changes nothing.

    What comes too late is not taken, and the page says so (409). A form that is sent twice changes nothing more.
    """
    given = await read_form(request) if request.method == "POST" else {}
    async with asyncio.timeout(_DEADLINE_S):
        order = await order_of(request)
        stage = await stage_of(request.state.deps, order)
        if stage not in ("open", "remake"):
            return _say(request, order, stage or "none", 409 if given and stage != "asked" else 200)
        if not given:
            return _form(request, order, stage, order["answers"], {})
        return await _take(request, order, stage, given)


async def _take(request: Request, order: Order, stage: Stage, given: Mapping[str, str]) -> Response:
    """Take a form at a stage at which it may be taken."""
    deps: Deps = request.state.deps
    mistakes = find_mistakes(correctable_questions(order), _needed(order), given, deps.clock.now())
    if mistakes or "change" in given:
        return _form(request, order, stage, given, mistakes)
    answers = changed_answers(deps, order, given)
    if not answers:
        return _say(request, order, "same", 200)
    if given.get("mark") != mark_of(order):
        return _form(request, order, stage, order["answers"], {}, is_stale=True)
    if given.get("sure") != stage:  # not yet reviewed, or as what it cannot be any more
        return _review(request, order, stage, given)
    correct, done = (correct_own, "corrected") if stage == "open" else (ask_remake, "asked")
    if await correct(deps, order, answers):
        return _say(request, order, done, 200)
    return await _say_why(request, stage)


async def _say_why(request: Request, tried: Stage) -> Response:
    """Say why a form was not taken: another was, writing has begun, or something else happened at this moment."""
    order = await order_of(request)
    stage = await stage_of(request.state.deps, order)
    if stage == tried:
        return _form(request, order, stage, order["answers"], {}, is_stale=True)
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
    fields = fields_of(questions.values(), _needed(order), given, mistakes, _language_of(order), now)
    # With the mark of what the form was made from, so that it is not taken once that has changed.
    mark = given.get("mark") or mark_of(order)
    status = 409 if is_stale else 422 if mistakes else 200
    return _page(request, order, status, fields=fields, stage=stage, stale=is_stale, mark=mark)


def _review(request: Request, order: Order, stage: Stage, given: Mapping[str, str]) -> Response:
    questions = correctable_questions(order)
    answers = plain_answers(questions, given, request.state.deps.clock.now())
    told = reviewed_answers(questions, answers, _language_of(order))
    facts = {"stage": stage, "told": told, "answers": answers, "mark": mark_of(order), "late": "sure" in given}
    return _page(request, order, 409 if "sure" in given else 200, outcome="review", **facts)


def _say(request: Request, order: Order, outcome: str, status: int) -> Response:
    writer = parseaddr(sender_of(request.state.deps, order["tenant"]))[1]
    return _page(request, order, status, outcome=outcome, writer=writer)


def _page(request: Request, order: Order, status: int, **facts: object) -> Response:
    known = {"fields": (), "title": title_of(order["product"]), "path": request.url.path.rpartition("/")[0]}
    return page(request, "answers.html", status, tenant=order["tenant"], **{**known, **facts})


def _language_of(order: Order) -> str:
    return order["answers"].get("language", "")
