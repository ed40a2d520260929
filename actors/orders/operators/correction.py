"""Corrections of what a customer typed, at an operator's word: the reports that follow from it are made again.

Each prompt shows all answers, and so may each section and each page. So nothing that was written from an answer
outlives its correction: every section of every report that was begun is bought again.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from actors.deps.process import Deps
from actors.intake.answers import mistakes_in, plain_answers
from actors.messages import begin_errand
from actors.orders.customers.correction import write_correction
from actors.orders.hindrances import why_not_correctable
from actors.orders.operators.tally import likely_usd
from actors.products.catalogue import offer_of, questions_of
from infra.errors import PressroomError
from infra.logs import log
from storage.audit import Authority, record_action
from storage.grouping import ids_of
from storage.order_state import was_delivered
from storage.orders import fill_details, named_order
from storage.records.orders import Order
from storage.reports import reports_of
from storage.steps import count_steps


class CorrectionIsImpossible(PressroomError):
    """The order's answers must not change now."""


class AnswerIsNone(PressroomError):
    """What is given is no answer that can be used, or the one that is there."""


class CorrectionQuote(NamedTuple):
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


async def quote_correction(deps: Deps, order_id: str, given: Mapping[str, str]) -> CorrectionQuote:
    """Return what a correction to these answers would lead to, and change nothing.

    CorrectionIsImpossible or AnswerIsNone, with the reason, if it cannot be made.
    """
    order, answers = await _judge(deps, order_id, given)
    return await _quote(deps, order, answers)


async def correct_order(
    deps: Deps, order_id: str, given: Mapping[str, str], authority: Authority, *, granting: bool = False
) -> CorrectionQuote:
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
        is_complete = len(filled) == len(order["missing"])
        await begin_errand(deps, "start_order" if is_complete else "ask_details", order_id)
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


async def _quote(deps: Deps, order: Order, answers: Mapping[str, str]) -> CorrectionQuote:
    begun = [report for report in await reports_of(deps.db, [order]) if report["planned"]]
    counts = await count_steps(deps.db, ids_of(begun))
    calls: Counter[str] = Counter()
    for report in begun:
        own = (n for (owner, kind, _), n in counts.items() if (owner, kind) == (report["_id"], "write"))
        calls[report["product"]] = sum(own)
    return CorrectionQuote(sorted(answers), calls, await likely_usd(deps, calls), mails=int(was_delivered(order)))
