"""Corrects what a customer typed, at an operator's word, and has the reports that follow from it made again.

Each prompt shows all answers, and so may each section and each page. So nothing that was written from an answer
outlives its correction: every section of every report that was begun is bought again.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from actors.deps.process import Deps
from actors.intake.answers import mistakes_in, plain_answers
from actors.messages import ask, send_errand
from actors.orders.dead_letters import MOST_OPEN, clear_attention
from actors.orders.quote import likely_usd
from actors.products.catalogue import offer_of, questions_of
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.corrections import correct_answers
from storage.dead_letters import close_dead_letter, dead_letters
from storage.order_state import is_refunded, was_delivered
from storage.orders import fill_details, find_order
from storage.records.orders import Correction, Order
from storage.reports import reports_of
from storage.steps import count_steps

log = structlog.get_logger()


class CorrectionIsImpossible(PressroomError):
    """The order does not exist, or its answers must not change now."""


class AnswerIsNone(PressroomError):
    """What is given is no answer that can be used, or the one that is there."""


class Quote(NamedTuple):
    """Consequences of a correction: the answers that change, the calls for each report, and mails that go out.

    `usd` is what the calls are likely to cost in US dollars at list price. None if that is unknown.
    """

    answers: list[str]
    reports: Counter[str]
    usd: float | None
    mails: int

    @property
    def calls(self) -> int:
        """The number of calls to the LLM."""
        return self.reports.total()


def why_not_correctable(order: Order) -> str | None:
    """Return the reason why an order's answers cannot be corrected now, or None."""
    if "forgotten_at" in order:
        return "Its customer is forgotten."
    if is_refunded(order) or order["refund_failed"]:
        return "It is refunded, or its refund is under way."
    if order["on_hold"] or order["dispute_lost"]:
        return "It is disputed: what was delivered is evidence."
    if "resume_replay" in order["errands"]:
        return "It is just being made again. Look again in a minute."
    if order["letter"] is not None and order["delivered_at"] is None:
        return "Its mail is on its way. Correct it once that has arrived."
    return None


async def quote_correction(deps: Deps, order_id: str, given: Mapping[str, str]) -> Quote:
    """Return what a correction to these answers would lead to, and change nothing.

    CorrectionIsImpossible or AnswerIsNone, with the reason, if it cannot be made.
    """
    order, answers = await _judge(deps, order_id, given)
    return await _quote(deps, order, answers)


async def correct_order(deps: Deps, order_id: str, given: Mapping[str, str], authority: Authority) -> Quote:
    """Correct an order's answers, and have all that was made from them made again, and mailed if it was delivered.

    Writes an entry in the audit trail, which names the answers, not their values. Raises as a quote does.
    """
    order, answers = await _judge(deps, order_id, given)
    quote, now = await _quote(deps, order, answers), deps.clock.now()
    await record_action(deps.db, authority, "corrected", order_id, ", ".join(quote.answers), now)
    before = {name: order["answers"][name] for name in answers if name in order["answers"]}
    correction: Correction = {
        "at": now,
        "who": authority.who,
        "before": before,
        "after": answers,
        "delivered_at": order["delivered_at"],
    }
    if not await correct_answers(deps.db, order, correction, _due_at(order, now)):
        raise CorrectionIsImpossible("The order has changed at this very moment. Look again.")
    log.info("order_corrected", order=order_id, calls=quote.calls)
    await _end_deaths(deps, order_id)
    await send_errand(deps, "resume_replay", order_id)
    if filled := {name: answers[name] for name in order["missing"] if name in answers}:
        await fill_details(deps.db, order_id, filled, now)
        await ask(deps, order_id, "start_order" if len(filled) == len(order["missing"]) else "ask_details")
    return quote


async def _judge(deps: Deps, order_id: str, given: Mapping[str, str]) -> tuple[Order, dict[str, str]]:
    """Return an order that can be corrected, and the answers that are new, as the intake reads them."""
    order = await find_order(deps.db, order_id)
    if order is None:
        raise CorrectionIsImpossible(f"There is no order {order_id}.")
    if why := why_not_correctable(order):
        raise CorrectionIsImpossible(f"Order {order_id} cannot be corrected: {why}")
    questions, now = questions_of(offer_of(order["product"])), deps.clock.now()
    if unasked := sorted(given.keys() - questions.keys()):
        raise AnswerIsNone(f"This order has no answer {unasked[0]}; it may have {', '.join(questions)}.")
    for name, rule in mistakes_in(questions, given, now).items():
        raise AnswerIsNone(f"The {name} is not understood. {rule}")
    answers = plain_answers(questions, given, now)
    new = {name: value for name, value in answers.items() if _is_new(order, name, value)}
    if not new:
        raise AnswerIsNone("Nothing of that differs from what is there.")
    return order, new


def _is_new(order: Order, name: str, value: str) -> bool:
    return name in order["missing"] or order["answers"].get(name) != value


def _due_at(order: Order, now: datetime) -> datetime | None:
    offer = offer_of(order["product"])
    return now + timedelta(seconds=offer.promise_s) if offer and order["paid_at"] else None


async def _quote(deps: Deps, order: Order, answers: Mapping[str, str]) -> Quote:
    begun = [report for report in await reports_of(deps.db, [order]) if report["planned"]]
    counts = await count_steps(deps.db, [report["_id"] for report in begun])
    calls: Counter[str] = Counter()
    for report in begun:
        own = (n for (owner, kind, _), n in counts.items() if (owner, kind) == (report["_id"], "write"))
        calls[report["product"]] = sum(own)
    return Quote(sorted(answers), calls, await likely_usd(deps, calls), mails=int(was_delivered(order)))


async def _end_deaths(deps: Deps, order_id: str) -> None:
    """Close the dead letters of an order's steps, which are done again."""
    for letter in await dead_letters(deps.db, limit=MOST_OPEN, order=order_id, kind="step", state="open"):
        await close_dead_letter(deps.db, letter["_id"], "replayed", deps.clock.now())
        await clear_attention(deps, order_id, letter["reason"])
