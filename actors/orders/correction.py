"""Corrects what a customer typed, at an operator's word, and has the reports that follow from it made again.

Each prompt shows all answers, and so may each section and each page. So nothing that was written from an answer
outlives its correction: every section of every report that was begun is bought again.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from actors.deps.process import Deps
from actors.intake.answers import mistakes_in, plain_answers
from actors.messages import ask, send_errand
from actors.orders.attention import close_deaths
from actors.orders.correcting import CorrectionIsImpossible, write_correction
from actors.orders.hindrances import why_not_correctable
from actors.orders.tally import likely_usd
from actors.products.catalogue import offer_of, questions_of
from actors.reports import replay
from infra.errors import PressroomError
from infra.logs import log
from storage.alerts import withdraw_alert
from storage.audit import Authority, record_action
from storage.corrections import settle_request
from storage.errands import ERRAND_CHECK
from storage.grouping import ids_of
from storage.order_state import REQUESTS, is_withdrawn, was_delivered
from storage.orders import fill_details, named_order
from storage.records.orders import Order, RequestKind
from storage.reports import reports_of
from storage.steps import count_steps


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


async def quote_correction(deps: Deps, order_id: str, given: Mapping[str, str]) -> Quote:
    """Return what a correction to these answers would lead to, and change nothing.

    CorrectionIsImpossible or AnswerIsNone, with the reason, if it cannot be made.
    """
    order, answers = await _judge(deps, order_id, given)
    return await _quote(deps, order, answers)


async def correct_order(
    deps: Deps, order_id: str, given: Mapping[str, str], authority: Authority, *, granting: bool = False
) -> Quote:
    """Correct an order's answers, and have all that was made from them made again, and mailed if it was delivered.

    Writes an entry in the audit trail, which names the answers, not their values. With `granting` it is what the
    customer asked for. Raises as a quote does.
    """
    order, answers = await _judge(deps, order_id, given)
    quote, now = await _quote(deps, order, answers), deps.clock.now()
    await record_action(deps.db, authority, "corrected", order_id, ", ".join(quote.answers), now)
    if not await write_correction(deps, order, answers, authority.who, granting=granting):
        raise CorrectionIsImpossible("The order has changed at this very moment. Look again.")
    log.info("order_corrected", order=order_id, calls=quote.calls)
    if filled := {name: answers[name] for name in order["missing"] if name in answers}:
        await fill_details(deps.db, order_id, filled, now)
        await ask(deps, order_id, "start_order" if len(filled) == len(order["missing"]) else "ask_details")
    return quote


async def _judge(deps: Deps, order_id: str, given: Mapping[str, str]) -> tuple[Order, dict[str, str]]:
    """Return an order that can be corrected, and the answers that are new, as the intake reads them."""
    order = await named_order(deps.db, order_id)
    if why := why_not_correctable(order):
        raise CorrectionIsImpossible(f"Order {order_id} cannot be corrected: {why}")
    questions, now = questions_of(offer_of(order["product"])), deps.clock.now()
    if unasked := sorted(given.keys() - questions.keys()):
        raise AnswerIsNone(f"This order has no answer {unasked[0]}; it may have {', '.join(questions)}.")
    for name, rule in mistakes_in(questions, given, now).items():
        raise AnswerIsNone(f"The {name} is not understood. {rule}")
    answers = plain_answers(questions, given, now) | _taken_back(order, given)
    new = {name: value for name, value in answers.items() if _is_new(order, name, value)}
    if not new:
        raise AnswerIsNone("Nothing of that differs from what is there.")
    return order, new


def _is_new(order: Order, name: str, value: str) -> bool:
    return name in order["missing"] or order["answers"].get(name, "") != value


def _taken_back(order: Order, given: Mapping[str, str]) -> dict[str, str]:
    """Return the answers that are given as empty ones, and that no report needs."""
    offer = offer_of(order["product"])
    optional = offer.questions.keys() - offer.needed.keys() if offer else ()
    return {name: "" for name in optional if given.get(name) == ""}


async def _quote(deps: Deps, order: Order, answers: Mapping[str, str]) -> Quote:
    begun = [report for report in await reports_of(deps.db, [order]) if report["planned"]]
    counts = await count_steps(deps.db, ids_of(begun))
    calls: Counter[str] = Counter()
    for report in begun:
        own = (n for (owner, kind, _), n in counts.items() if (owner, kind) == (report["_id"], "write"))
        calls[report["product"]] = sum(own)
    return Quote(sorted(answers), calls, await likely_usd(deps, calls), mails=int(was_delivered(order)))


async def resume_replay(deps: Deps, order: Order) -> datetime | None:
    """Carry out a replay, or a correction, whose deaths are over. Every part of it is safe to repeat."""
    if "remaking" in order:
        await close_deaths(deps, order["_id"])
    elif "plan" in (intent := order.get("replay", {})):
        await close_deaths(deps, order["_id"], product=intent["product"])
    return await replay.resume_replay(deps, order)


async def quote_remake(deps: Deps, order_id: str) -> Quote:
    """Return what the remake that a customer asks for would lead to. Raises as the quote of a correction does."""
    return await quote_correction(deps, order_id, await _requested_answers(deps, order_id))


async def grant_remake(deps: Deps, order_id: str, authority: Authority) -> Quote:
    """Correct an order as its customer asks for, with an entry in the audit trail. Raises as a correction does."""
    answers = await _requested_answers(deps, order_id)
    quote = await correct_order(deps, order_id, answers, authority, granting=True)
    await withdraw_alert(deps.db, order_id, REQUESTS["remake"])
    return quote


async def _requested_answers(deps: Deps, order_id: str) -> dict[str, str]:
    order = await named_order(deps.db, order_id)
    if "request" not in order or order["request"]["kind"] != "remake":
        raise CorrectionIsImpossible(f"The customer of order {order_id} asks for no remake.")
    return order["request"]["answers"]


async def set_aside(deps: Deps, order_id: str, authority: Authority, kind: RequestKind) -> None:
    """End a customer's request of that kind without granting it, with an entry in the audit trail."""
    order = await named_order(deps.db, order_id)
    if "request" not in order or order["request"]["kind"] != kind:
        raise CorrectionIsImpossible(f"The customer of order {order_id} asks for no {kind}.")
    await record_action(deps.db, authority, "set aside", order_id, kind, deps.clock.now())
    due_at = deps.clock.now() + ERRAND_CHECK if is_withdrawn(order) else None
    if not await settle_request(deps.db, order, due_at):
        raise CorrectionIsImpossible("The order has changed at this very moment. Look again.")
    await withdraw_alert(deps.db, order_id, REQUESTS[kind])
    if due_at is not None:
        await send_errand(deps, "heed_pause", order_id)
