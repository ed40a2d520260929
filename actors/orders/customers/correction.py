"""Corrections by customers: their own until the first section is bought, and then once at an operator's word.

Each prompt shows all answers, so that the first section of an order is the first that needs any of them.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from actors.deps.process import Deps
from actors.intake.answers import plain_answers
from actors.messages import send_errand
from actors.orders.hindrances import why_not_correctable
from actors.products.catalogue import offer_of
from actors.products.questions import Question
from infra.logs import log
from storage.alerts import raise_alert
from storage.corrections import MOST_BY_CUSTOMER, correct_answers, request_remake
from storage.ledger import has_bought
from storage.order_state import REQUESTS, is_forgotten, is_refunded
from storage.records.orders import CUSTOMER, Correction, Order

#: The customer may correct the answers now, ask for a remake from others, wait for its grant, or do none of these.
Stage = Literal["open", "remake", "asked", "late"]
#: The length of a form's mark of the answers that it was made from.
_MARK = 16


def correctable_questions(order: Order) -> dict[str, Question]:
    """Return the questions whose answers a customer may correct: those of the shop's form."""
    offer = offer_of(order["product"])
    return offer.asked if offer else {}


def mark_of(order: Order) -> str:
    """Return a short text that is another one as soon as an answer is."""
    return hashlib.sha256(msgspec.json.encode(order["answers"], order="sorted")).hexdigest()[:_MARK]


async def stage_of(deps: Deps, order: Order) -> Stage | None:
    """Return what a customer may do about an order's answers. None where there is nothing to correct.

    Answers that are missing, or an order that waits for a person for its own sake, are not for this form.
    """
    ended = order["paid_at"] is None and order["ended_at"] is not None
    if ended or order["missing"] or order["objection"] or not correctable_questions(order):
        return None
    is_given_up = is_forgotten(order) or "withdrawn_at" in order or is_refunded(order)
    if is_given_up or order["on_hold"] or order["dispute_lost"]:
        return None
    if await _is_open(deps, order):
        return "open"
    if "remake_asked_at" in order:
        return "asked" if "request" in order else "late"
    return "remake" if deps.tenants.of(order["tenant"]).free_remake else "late"


async def _is_open(deps: Deps, order: Order) -> bool:
    if "written_from" in order or len(order.get("corrections", ())) >= MOST_BY_CUSTOMER:
        return False
    # An order of an earlier version has calls and no such time. A correction that begins to be made is soon over.
    hindrance = None if "remaking" in order else why_not_correctable(order)
    return hindrance is None and not await has_bought(deps.db, order["_id"])


def changed_answers(deps: Deps, order: Order, given: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of a whole form that differ from the order's, empty where one was taken back."""
    questions = correctable_questions(order)
    read = plain_answers(questions, given, deps.clock.now())
    return {name: read.get(name, "") for name in questions if read.get(name, "") != order["answers"].get(name, "")}


async def correct_own(deps: Deps, order: Order, answers: dict[str, str]) -> bool:
    """Correct an order's answers as its customer wishes. False if it has changed, or a section is bought."""
    corrected = await write_correction(deps, order, answers, CUSTOMER)
    log.info("order_corrected_by_customer", order=order["_id"], corrected=corrected)
    return corrected


async def ask_remake(deps: Deps, order: Order, answers: dict[str, str]) -> bool:
    """Ask an operator for the one free remake. False if the order has changed."""
    now = deps.clock.now()
    # The alert first: a needless one is better than a request that nobody hears of.
    await raise_alert(deps.db, "request", REQUESTS["remake"], now, order=order["_id"])
    return await request_remake(deps.db, order, {"kind": "remake", "at": now, "answers": answers})


async def write_correction(
    deps: Deps, order: Order, answers: dict[str, str], who: str, *, granting: bool = False
) -> bool:
    """Write new answers into an order as it was seen, and begin to make it again. False if it has changed."""
    now = deps.clock.now()
    before = {name: order["answers"][name] for name in answers if name in order["answers"]}
    correction: Correction = {
        "at": now,
        "who": who,
        "before": before,
        "after": answers,
        "delivered_at": order["delivered_at"],
    }
    corrected = await correct_answers(deps.db, order, correction, _due_at(order, now), granting=granting)
    if corrected:
        await send_errand(deps, "resume_replay", order["_id"])
    return corrected


def _due_at(order: Order, now: datetime) -> datetime | None:
    offer = offer_of(order["product"])
    return now + timedelta(seconds=offer.promise_s) if offer and order["paid_at"] else None
