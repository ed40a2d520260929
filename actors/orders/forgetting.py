"""Asks for a customer to be forgotten, on an operator's word. The worker's part is `forget`."""

from actors.deps.webhook import IntakeDeps
from actors.messages import ask
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.forgetting import has_news, is_being_made
from storage.order_state import order_state
from storage.orders import named_order
from storage.records.orders import Errand, Order

_OVER = {"delivered", "refunded", "cancelled", "needs_attention"}
#: Errands that still need the customer's address, or write files.
_PENDING: set[Errand] = {"complete_order", "resend_reports", "refund_order", "resume_replay", "reprint_reports"}


class OrderIsNotOver(PressroomError):
    """The order is being made or sent."""


async def begin_forgetting(deps: IntakeDeps, order_id: str, authority: Authority) -> None:
    """Record that an order's customer is to be forgotten, with an entry in the audit trail.

    OrderIsNotOver if it is too early.
    """
    order = await named_order(deps.db, order_id)
    if why := await what_hinders(deps, order):
        raise OrderIsNotOver(f"Order {order_id} cannot be forgotten yet: {why}.")
    await record_action(deps.db, authority, "forgotten", order_id, "customer", deps.clock.now())
    await ask(deps, order_id, "forget_order")


async def what_hinders(deps: IntakeDeps, order: Order) -> str | None:
    """Return the reason why an order cannot be forgotten now, or None."""
    if order["on_hold"]:
        return "it is disputed, and what is known of it may be evidence"
    if "request" in order and not order["stopped"]:
        return "its customer waits for an answer to what they asked for"
    if order_state(order, ()) not in _OVER or await is_being_made(deps.db, order):
        return "it is still being made; refund it, or wait"
    if await has_news(deps.db, order):
        return "an event of Stripe's about it has just come"
    # An order that failed has an errand for its refund, which does nothing unless the settings say so.
    idle: set[Errand] = {"refund_order"} if order["failed_at"] is not None else set()
    # Nor does the completion errand of an order whose money went back on Stripe's own pages.
    idle |= {"complete_order"} if order["stopped"] else set()
    pending = order["errands"].keys() & (_PENDING - idle)
    return f"{min(pending)} is under way" if pending else None
