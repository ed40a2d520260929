"""Refunds in full, once they are chosen: asked of Stripe, then told to the customer (T18r)."""

from datetime import datetime, timedelta

from actors.deps.worker import WorkDeps
from actors.intake.payments import apply_payments
from actors.mail.ending import refund
from actors.orders.errands.delivery import deliver, look_again_at
from actors.orders.errands.retention import forget_at
from actors.orders.hindrances import is_made
from actors.orders.operators.refund import RefundIsImpossible, decide_refund
from infra.errors import TransientError
from infra.logs import log
from storage.alerts import raise_alert
from storage.audit import Authority
from storage.endings import mark_refunded
from storage.errands import ERRAND_CHECK
from storage.order_state import is_being_refunded, was_delivered
from storage.orders import find_order
from storage.payments import find_payments, note_refunded
from storage.records.orders import Order

_STRIPE_IS_AWAY = "The refund waits: Stripe does not answer."


async def refund_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Refund an order and tell its customer, once. An order that failed is refunded after REFUND_AFTER_S."""
    now = deps.clock.now()
    if order["letter"] is None:
        due_at = await _due_by_policy(deps, order)
        if due_at is None or now < due_at:
            return due_at
        order = await _decide(deps, order)
        if order["letter"] is None:  # disputed, mended, or made in part, at this moment
            return now + ERRAND_CHECK
    if is_being_refunded(order) and not order["stopped"]:
        order = await _give_back(deps, order)
    if not is_being_refunded(order):
        return None
    if not order["stopped"]:  # its event is on the way
        return now + ERRAND_CHECK
    if order["email"]:
        mail = await deliver(deps, order, "refund_order", "refund", lambda: refund(deps, order, now))
        if not mail.sent:
            return mail.again_at
    await mark_refunded(deps.db, order["_id"], forget_at(deps.settings, now))
    log.info("order_refunded", order=order["_id"])
    return None


async def _due_by_policy(deps: WorkDeps, order: Order) -> datetime | None:
    after_s, failed_at = deps.settings.refund_after_s, order["failed_at"]
    if after_s is None or failed_at is None or order["payment_intent"] is None or order["refund_failed"]:
        return None
    # The money may be another shop's, or what was delivered is made again after a correction.
    if order["objection"] is not None or was_delivered(order) or order["paid_at"] is None:
        return None
    if await is_made(deps, order):  # nobody keeps a report and gets all of the money but by an operator's word
        return None
    due_at = failed_at + timedelta(seconds=after_s)
    return max(due_at, look_again_at(order, deps.clock.now())) if order["on_hold"] else due_at


async def _decide(deps: WorkDeps, order: Order) -> Order:
    """Choose the refund of an order that was not mended in time. Returns it as it then stands."""
    seen = {"failed_at": order["failed_at"], "on_hold": False, "stored": order["stored"]}
    await decide_refund(deps, order["_id"], Authority("REFUND_AFTER_S", order["attention"] or ""), **seen)
    return await find_order(deps.db, order["_id"]) or order


async def _give_back(deps: WorkDeps, order: Order) -> Order:
    """Ask Stripe for the refund, and record it as its event would. Returns the order as it then stands."""
    order_id, intent, now = order["_id"], order["payment_intent"], deps.clock.now()
    if intent is None:
        raise RefundIsImpossible(f"Nothing was paid for order {order_id}.")
    try:
        charge = await deps.stripe.refund(intent)
    except TransientError:
        await raise_alert(deps.db, "refund", _STRIPE_IS_AWAY, now, order=order_id)
        raise
    # As of the moment before: every later fact from Stripe is new.
    charged, refunded = charge["amount"], charge["amount_refunded"]
    await note_refunded(deps.db, intent, charged=charged, refunded=refunded, at=int(now.timestamp()))
    await apply_payments(deps, await find_payments(deps.db, [intent]))
    return await find_order(deps.db, order_id) or order
