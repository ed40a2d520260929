"""Hindrances: why an order cannot be refunded, corrected, sent again or forgotten now, in words for who asks."""

from actors.deps.intake import IntakeDeps
from actors.deps.process import Deps
from storage.forgetting import has_news, is_being_made
from storage.order_state import (
    Withheld,
    is_early,
    is_forgotten,
    is_refunded,
    order_state,
    readers_address,
    was_delivered,
    why_withheld,
)
from storage.records.orders import Errand, Order
from storage.reports import reports_of

_OVER = {"delivered", "refunded", "cancelled", "needs_attention"}
#: Errands that still need the customer's address, or write files.
_PENDING: set[Errand] = {
    "complete_order",
    "resend_reports",
    "refund_order",
    "confirm_withdrawal",
    "resume_replay",
    "reprint_reports",
}


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


async def is_made(deps: IntakeDeps, order: Order) -> bool:
    """Return whether a report of an order is made. It may be read on the order's page, long before a letter."""
    return any(report["pdf"] for report in await reports_of(deps.db, [order]))


def why_not_correctable(order: Order) -> str | None:
    """Return the reason why an order's answers cannot be corrected now, or None."""
    if is_forgotten(order):
        return "Its customer is forgotten, or about to be."
    if is_refunded(order) or order["refund_failed"]:
        return "It is refunded, or its refund is under way."
    if order["on_hold"] or order["dispute_lost"]:
        return "It is disputed: what was delivered is evidence."
    if "resume_replay" in order["errands"]:
        return "It is just being made again. Look again in a minute."
    if order["letter"] is not None and order["delivered_at"] is None:
        return "Its mail is on its way. Correct it once that has arrived."
    return None


def withheld_for(deps: Deps, order: Order) -> Withheld | None:
    """Return why an order's reports are handed out by nothing of ours, by the settings. None if they may be."""
    return why_withheld(order, keep_refunded=deps.settings.keep_refunded_reports)


def why_not_resent(deps: Deps, order: Order) -> str | None:
    """Return the reason why an order's reports cannot be sent again, or None."""
    if withheld_for(deps, order) or not readers_address(order):
        return "The order is refunded, disputed or forgotten: nothing is sent."
    # The refund failed: the customer has paid, and no completion mail follows the refund's letter.
    is_sendable = order["delivered_at"] or (order["refund_failed"] and order["stored_at"])
    if not is_sendable or is_early(order, deps.clock.now()):
        return "The reports were not sent yet, so that they cannot be sent again."
    return None


async def why_not_forgotten(deps: Deps, order: Order) -> str | None:
    """Return the reason why an order's customer cannot be forgotten now, or None."""
    if order["on_hold"]:
        return "it is disputed, and what is known of it may be evidence"
    if "request" in order and not order["stopped"]:
        return "its customer waits for an answer to what they asked for"
    if order_state(order, ()) not in _OVER or await is_being_made(deps.db, order):
        return "it is still being made; refund it, or wait"
    if await has_news(deps.db, order):
        return "an event of Stripe's about it has just come"
    # An order that failed has an errand for its refund, which does nothing unless the settings say so, or a
    # refund is chosen: Stripe may not have been asked yet.
    is_undecided = order["failed_at"] is not None and order["letter"] != "refund"
    idle: set[Errand] = {"refund_order"} if is_undecided and deps.settings.refund_after_s is None else set()
    # Nor does the completion errand of an order whose money went back on Stripe's own pages.
    idle |= {"complete_order"} if order["stopped"] else set()
    pending = order["errands"].keys() & (_PENDING - idle)
    return f"{min(pending)} is under way" if pending else None
