"""Asks for refunds in full: on an operator's word, or the settings'. The worker's part is `refund`."""

from typing import Any

from actors.deps.process import Deps
from actors.deps.webhook import IntakeDeps
from actors.mail.formatting import written_amount
from actors.messages import send_errand
from infra.errors import PressroomError
from infra.stripe.client import Stripe
from storage.audit import Authority, record_action
from storage.corrections import uncorrected_since
from storage.endings import choose_refund
from storage.errands import ERRAND_CHECK
from storage.order_state import was_delivered
from storage.orders import named_order
from storage.records.orders import Order


class RefundIsImpossible(PressroomError):
    """The order has nothing to give back, or its reports are on their way."""


async def refundable_order(deps: IntakeDeps, order_id: str) -> Order:
    """Return an order that can be refunded. RefundIsImpossible, with the reason, if it cannot."""
    order = await named_order(deps.db, order_id)
    if why := why_not_refundable(order):
        raise RefundIsImpossible(why)
    return order


def why_not_refundable(order: Order) -> str | None:
    """Return the reason why an order cannot be refunded here, or None."""
    order_id = order["_id"]
    if order["paid_at"] is None or order["payment_intent"] is None:
        return f"Nothing was paid for order {order_id}."
    if order["on_hold"]:
        return f"Order {order_id} is disputed: its money goes by the bank's decision."
    if order["refund_failed"]:
        return f"A refund of order {order_id} failed: see to it on Stripe's own pages."
    if order["letter"] is not None:
        chosen = f"The {order['letter']} letter of order {order_id} is chosen already"
        return f"{chosen}. What is delivered can be refunded on Stripe's own pages."
    if was_delivered(order):
        return f"Order {order_id} was delivered before its correction: it can be refunded on Stripe's own pages."
    return None


async def refund_sum(deps: Deps, order_id: str) -> str:
    """Ask Stripe how much would go back, such as 19.00 USD. RefundIsImpossible if nothing can."""
    intent = (await refundable_order(deps, order_id))["payment_intent"]
    charge = await Stripe(deps.settings).charge(intent or "")
    return written_amount(charge["amount"] - charge["amount_refunded"], charge["currency"])


async def begin_refund(deps: IntakeDeps, order_id: str, authority: Authority) -> None:
    """Begin to refund all that was paid for an order, with an entry in the audit trail.

    RefundIsImpossible if the order cannot be refunded.
    """
    order = await refundable_order(deps, order_id)
    if not await decide_refund(deps, order_id, authority, **uncorrected_since(order)):
        raise RefundIsImpossible(f"Another letter of order {order_id} was chosen at this moment.")
    await send_errand(deps, "refund_order", order_id)


async def decide_refund(deps: IntakeDeps, order_id: str, authority: Authority, **seen: Any) -> bool:
    """Choose the refund as an order's letter, with an entry in the audit trail (T18r).

    False if another letter is chosen, or the order is not as in `seen` any more.
    """
    now = deps.clock.now()
    await record_action(deps.db, authority, "refunded", order_id, "all of it", now)
    return await choose_refund(deps.db, order_id, now + ERRAND_CHECK, **seen)
