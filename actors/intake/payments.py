"""Copies refunds and disputes to their orders, whichever of the two was written first (T2r)."""

from collections.abc import Sequence

from actors.deps.intake import IntakeDeps
from storage.alerts import raise_alert, withdraw_alert
from storage.endings import choose_refund
from storage.errands import add_errand, delay_errand
from storage.grouping import by_id
from storage.order_state import DISPUTE_LOST, REFUND_FAILED, REQUESTS
from storage.orders import call_operator, find_order, note_payment, orders_of_payments
from storage.payments import payment_state
from storage.queueing import unpark_steps
from storage.records.orders import Errand, Order, Payment, PaymentState
from storage.reports import report_ids, stop_reports, unpark_reports

_DISPUTED = "A dispute is open: no report is sent."
#: Errands that wait ever longer while a dispute lasts.
_HELD_BACK: set[Errand] = {"confirm_order", "check_promise", "tell_failure", "refund_order", "complete_order"}


async def apply_payments(deps: IntakeDeps, payments: Sequence[Payment]) -> None:
    """Copy the state of payments to their orders, and bring about what follows from it.

    The work of refunded orders is stopped, and that of the others resumed. The letter about a refund is an errand,
    which the sweep sends.
    """
    known = by_id(payments)
    for order in await orders_of_payments(deps.db, list(known)):
        payment = known[order["payment_intent"] or ""]
        await _copy(deps, order, payment["version"], payment_state(payment))


async def _copy(deps: IntakeDeps, order: Order, version: int, state: PaymentState) -> None:
    order_id, reports = order["_id"], report_ids(order)
    await note_payment(deps.db, order_id, version, state)
    now = deps.clock.now()
    if state["stopped"] or state["refund_failed"]:  # nothing else stops an order, or sets it going again
        await stop_reports(deps.db, reports, version, stopped=state["stopped"])
        if not state["stopped"]:
            await unpark_reports(deps.db, reports, now)
            await unpark_steps(deps.db, reports, now)
    if state["stopped"]:
        # True of a refund on Stripe's own pages as well: the customer hears of it, unless the reports are on their
        # way, or the money may have been another shop's.
        is_unsent = order["letter"] != "refund" and order["delivered_at"] is None
        if order["objection"] is not None or (not await choose_refund(deps.db, order_id, now) and is_unsent):
            await add_errand(deps.db, order_id, "retire_order", now)
    elif not state["on_hold"]:  # what was held back is due now
        for errand in sorted(_HELD_BACK & order["errands"].keys()):
            await delay_errand(deps.db, order_id, errand, now)
    await _tell(deps, order, state)
    # It is told first, then read: who copies a later word at this moment may have told that before.
    present = await find_order(deps.db, order_id)
    if present is not None and present["payment_version"] > version:
        await _tell(deps, present, present)


async def _tell(deps: IntakeDeps, order: Order, state: PaymentState) -> None:
    """Tell an operator what a payment's state asks for, and end what it asks for no more."""
    order_id, now = order["_id"], deps.clock.now()
    if state["stopped"] and "request" in order:  # whatever was asked for, the money is back
        await withdraw_alert(deps.db, order_id, REQUESTS[order["request"]["kind"]])
    if state["refund_failed"]:
        await call_operator(deps.db, order_id, REFUND_FAILED, now)
    if state["dispute_lost"]:
        await call_operator(deps.db, order_id, DISPUTE_LOST, now)
    if state["on_hold"] and not state["dispute_lost"]:
        await raise_alert(deps.db, "dispute", _DISPUTED, now, order=order_id)
    else:
        await withdraw_alert(deps.db, order_id, _DISPUTED)
