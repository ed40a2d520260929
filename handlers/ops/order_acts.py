"""POST /ops/orders/{order}/{act}: what operators do about an order. GET asks first, where an act has two steps."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from math import inf, isfinite

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.operators.correction import correct_order, quote_correction
from actors.orders.operators.dead_letters import retry_order
from actors.orders.operators.mails import order_resend, readdress_and_send
from actors.orders.operators.privacy import begin_forgetting, reveal_customer
from actors.orders.operators.refund import begin_refund, refund_sum
from actors.orders.operators.requests import grant_remake, quote_remake, set_aside
from actors.orders.operators.spent_budget import resume_order
from actors.products.answer_types import in_language
from actors.products.catalogue import known_questions, offer_of, questions_of
from handlers.ops.acts import Fields, Show, carry_out
from handlers.ops.evidence import evidence_facts, evidence_pdf
from handlers.ops.guard import operator_of
from handlers.ops.orders import order_named, show_order
from handlers.ops.page import expect, page
from handlers.ops.possible import ActName, role_for
from handlers.views.customer import customer_view
from handlers.web.requests import read_form
from infra.errors import PressroomError, TransientError
from storage.audit import Authority

_MOST_USD = 1_000_000
#: Does what a form asks for. Returns a page to show, or None for the order's.
Doer = Callable[[Request, Fields, Authority], Awaitable[Response | None]]


class PrinterIsBusy(TransientError):
    """A process sets one page at a time: each takes a processor and 100 MB for some seconds."""


class FormIsWrong(PressroomError):
    """A field of a form does not say what it should."""


async def do(request: Request) -> Response:
    """Carry an act out, then show the order. 422 with the reason on the act's page if that cannot be."""
    act = _act_of(request, _DOERS)
    return await carry_out(request, role_for(act), partial(_do, _DOERS[act]), _ASKERS.get(act, show_order))


async def ask(request: Request) -> Response:
    """Show what an act would do, and its form."""
    act = _act_of(request, _ASKERS)
    operator_of(request, role_for(act))
    return await _ASKERS[act](request, "", 200)


def _act_of(request: Request, known: Mapping[ActName, object]) -> ActName:
    named = request.path_params["act"]
    return expect(next((act for act in known if act == named), None), "There is no such page.")


async def _do(doer: Doer, request: Request, fields: Fields, authority: Authority) -> str | Response:
    return await doer(request, fields, authority) or request.url.path.rpartition("/")[0]


def _by_reason(do: Callable[[Deps, str, Authority], Awaitable[object]]) -> Doer:
    """Return the doer of an act that takes no more than a reason."""

    async def doer(request: Request, _fields: Fields, authority: Authority) -> None:
        await do(request.state.deps, _order_of(request), authority)

    return doer


def _order_of(request: Request) -> str:
    named: str = request.path_params["order"]
    return named


async def _show(request: Request, _fields: Fields, authority: Authority) -> Response:
    await reveal_customer(request.state.deps, _order_of(request), authority)
    return await show_order(request, clear=True)


async def _evidence(request: Request, _fields: Fields, authority: Authority) -> Response:
    facts = await evidence_facts(request.state.deps, _order_of(request), authority)
    return page(request, "evidence.html", 200, **facts)


async def _evidence_pdf(request: Request, _fields: Fields, authority: Authority) -> Response:
    printer: asyncio.Semaphore = request.state.printer
    if printer.locked():
        raise PrinterIsBusy("Another page is being printed.")
    async with printer:
        pdf = await evidence_pdf(request.state.deps, _order_of(request), authority)
    name = f"evidence-{_order_of(request)}.pdf"
    return Response(
        pdf, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def _retry(deps: Deps, order: str, authority: Authority) -> None:
    for refusal in await retry_order(deps, order, authority):
        raise refusal


async def _readdress(request: Request, fields: Fields, authority: Authority) -> None:
    given, of_gift = fields.get("email", ""), fields.get("of_gift") == "yes"
    await readdress_and_send(request.state.deps, _order_of(request), given, authority, of_gift=of_gift)


async def _resume(request: Request, fields: Fields, authority: Authority) -> None:
    given = fields.get("budget", "").strip()
    await resume_order(request.state.deps, _order_of(request), _budget_of(given) if given else None, authority)


def _budget_of(given: str) -> float:
    if given == "none":
        return inf
    try:
        budget = float(given)
    except ValueError:
        budget = 0.0
    if not (isfinite(budget) and 0 < budget <= _MOST_USD):
        raise FormIsWrong("A budget is a number of US dollars above 0, at most a million, or the word none.")
    return budget


async def _correct(request: Request, fields: Fields, authority: Authority) -> Response | None:
    deps, order, given = request.state.deps, _order_of(request), _answers_in(fields)
    if "sure" in fields:
        await correct_order(deps, order, given, authority)
        return None
    quote = await quote_correction(deps, order, given)
    return await _page(request, "correct.html", "", 200, given=given, quote=quote, reason=authority.reason)


async def _forget(request: Request, fields: Fields, authority: Authority) -> None:
    if fields.get("confirmation", "").strip() != _order_of(request):
        raise FormIsWrong("Repeat the order's id to have its customer forgotten: that cannot be undone.")
    await begin_forgetting(request.state.deps, _order_of(request), authority)


_DOERS: dict[ActName, Doer] = {
    "show": _show,
    "evidence": _evidence,
    "evidence.pdf": _evidence_pdf,
    "retry": _by_reason(_retry),
    "resend": _by_reason(order_resend),
    "readdress": _readdress,
    "resume": _resume,
    "correct": _correct,
    "remake": _by_reason(grant_remake),
    # By the kind that the operator has seen: another request may have come since.
    "set_aside_remake": _by_reason(partial(set_aside, kind="remake")),
    "set_aside_withdrawal": _by_reason(partial(set_aside, kind="withdrawal")),
    "refund": _by_reason(begin_refund),
    "forget": _forget,
}


def _answers_in(fields: Fields) -> dict[str, str]:
    return {name: fields[name] for name in known_questions() if fields.get(name)}


async def _ask_correction(request: Request, mistake: str, status: int) -> Response:
    given = _answers_in(await read_form(request)) if request.method == "POST" else {}
    return await _page(request, "correct.html", mistake, status, given=given, quote=None)


async def _ask_remake(request: Request, mistake: str, status: int) -> Response:
    quote = None
    try:
        quote = await quote_remake(request.state.deps, _order_of(request))
    except TransientError:
        raise
    except PressroomError as error:
        mistake = mistake or str(error)
    return await _page(request, "remake.html", mistake, status, quote=quote)


async def _ask_refund(request: Request, mistake: str, status: int) -> Response:
    try:
        amount = await refund_sum(request.state.deps, _order_of(request))
    except TransientError:
        raise
    except PressroomError as error:
        return await show_order(request, mistake or str(error), 422)
    return await _page(request, "refund.html", mistake, status, amount=amount)


async def _ask_forgetting(request: Request, mistake: str, status: int) -> Response:
    return await _page(request, "forget.html", mistake, status)


async def _page(request: Request, template: str, mistake: str, status: int, **facts: object) -> Response:
    order = await order_named(request)
    customer = customer_view(request.state.deps, order)
    asked = [(one, in_language(one.words, "en")) for one in questions_of(offer_of(order["product"])).values()]
    return page(request, template, status, customer=customer, asked=asked, mistake=mistake, **facts)


_ASKERS: dict[ActName, Show] = {
    "correct": _ask_correction,
    "remake": _ask_remake,
    "refund": _ask_refund,
    "forget": _ask_forgetting,
}
