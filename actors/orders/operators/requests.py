"""Requests of customers that wait for an operator: a remake is quoted and granted, and each may be set aside."""

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.orders.operators.correction import (
    CorrectionIsImpossible,
    CorrectionQuote,
    correct_order,
    quote_correction,
)
from storage.alerts import withdraw_alert
from storage.audit import Authority, record_action
from storage.corrections import settle_request
from storage.errands import ERRAND_CHECK
from storage.order_state import REQUESTS
from storage.orders import named_order
from storage.records.orders import RequestKind


async def quote_remake(deps: Deps, order_id: str) -> CorrectionQuote:
    """Return what the remake that a customer asks for would lead to. Raises as the quote of a correction does."""
    return await quote_correction(deps, order_id, await _requested_answers(deps, order_id))


async def grant_remake(deps: Deps, order_id: str, authority: Authority) -> CorrectionQuote:
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
    # Also of an order that was delivered meanwhile: a book that is printed again may lie still.
    due_at = deps.clock.now() + ERRAND_CHECK if kind == "withdrawal" else None
    if not await settle_request(deps.db, order, due_at):
        raise CorrectionIsImpossible("The order has changed at this very moment. Look again.")
    await withdraw_alert(deps.db, order_id, REQUESTS[kind])
    if due_at is not None:
        await send_errand(deps, "heed_pause", order_id)
