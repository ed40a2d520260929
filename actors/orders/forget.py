"""An operator's word that a customer is to be forgotten."""

from datetime import datetime, timedelta

from actors.deps.webhook import IntakeDeps
from actors.messages import send_errand
from infra.errors import PressroomError
from infra.settings import Settings
from storage.audit import Warrant, record_action
from storage.database import Document
from storage.errands import ERRAND_CHECK, Errand, add_errand
from storage.forgetting import has_news, is_being_made
from storage.order_state import order_state
from storage.orders import find_order

_OVER = {"delivered", "refunded", "cancelled", "needs_attention"}
#: What still needs the customer's address, or writes files.
_PENDING: set[Errand] = {"complete_order", "resend_reports", "refund_order", "resume_replay", "reprint_reports"}


class OrderIsNotOver(PressroomError):
    """There is no such order, or it is being made or sent."""


async def begin_forgetting(deps: IntakeDeps, order_id: str, warrant: Warrant) -> None:
    """Have all that is known of an order's customer removed, on the record; OrderIsNotOver if it is too early."""
    order = await find_order(deps.db, order_id)
    if order is None:
        raise OrderIsNotOver(f"There is no order {order_id}.")
    if why := await what_hinders(deps, order):
        raise OrderIsNotOver(f"Order {order_id} cannot be forgotten yet: {why}.")
    now = deps.clock.now()
    await record_action(deps.db, warrant, "forgotten", order_id, "customer", now)
    await add_errand(deps.db, order_id, "forget_order", now + ERRAND_CHECK)
    await send_errand(deps, "forget_order", order_id)


async def what_hinders(deps: IntakeDeps, order: Document) -> str | None:
    """Return why an order cannot be forgotten now, or None."""
    if order["on_hold"]:
        return "it is disputed, and what is known of it may be evidence"
    if order_state(order, ()) not in _OVER or await is_being_made(deps.db, order):
        return "it is still being made; refund it, or wait"
    if await has_news(deps.db, order):
        return "an event of Stripe's about it has just come"
    # An order that failed has an errand for its refund, which does nothing unless the settings say so.
    idle: set[Errand] = {"refund_order"} if order["failed_at"] is not None else set()
    # Nor does what would complete an order whose money went back on Stripe's own pages.
    idle |= {"complete_order"} if order["stopped"] else set()
    pending = order["errands"].keys() & (_PENDING - idle)
    return f"{min(pending)} is under way" if pending else None


def forget_at(settings: Settings, over_at: datetime) -> datetime | None:
    """Return when an order that is over since then is to be forgotten by the settings, or None."""
    days = settings.retain_reports_days
    return over_at + timedelta(days=days) if days else None
