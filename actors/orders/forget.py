"""Forgets a customer, on an operator's request or by the settings. Sums, dates and costs stay."""

import secrets
from datetime import datetime, timedelta

import structlog

from actors.deps.webhook import IntakeDeps
from actors.deps.worker import WorkDeps
from actors.messages import ask
from actors.orders.mailing import HELD_BACK
from infra.errors import PressroomError
from infra.settings import Settings
from storage.audit import Authority, record_action
from storage.forgetting import files_of, forget_customer, forget_events, forget_words, has_news, is_being_made
from storage.order_state import order_state
from storage.orders import find_order, retire
from storage.records.orders import Errand, Order

log = structlog.get_logger()

_OVER = {"delivered", "refunded", "cancelled", "needs_attention"}
#: Errands that still need the customer's address, or write files.
_PENDING: set[Errand] = {"complete_order", "resend_reports", "refund_order", "resume_replay", "reprint_reports"}


class OrderIsNotOver(PressroomError):
    """The order does not exist, or is being made or sent."""


async def begin_forgetting(deps: IntakeDeps, order_id: str, authority: Authority) -> None:
    """Record that an order's customer is to be forgotten, with an entry in the audit trail.

    OrderIsNotOver if it is too early.
    """
    order = await find_order(deps.db, order_id)
    if order is None:
        raise OrderIsNotOver(f"There is no order {order_id}.")
    if why := await _what_hinders(deps, order):
        raise OrderIsNotOver(f"Order {order_id} cannot be forgotten yet: {why}.")
    await record_action(deps.db, authority, "forgotten", order_id, "customer", deps.clock.now())
    await ask(deps, order_id, "forget_order")


async def _what_hinders(deps: IntakeDeps, order: Order) -> str | None:
    """Return the reason why an order cannot be forgotten now, or None."""
    if order["on_hold"]:
        return "it is disputed, and what is known of it may be evidence"
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


async def forget_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Forget an order's customer, later if it is not over. Each part may be repeated, also after a crash.

    Fields that name the customer go first, then files, texts, events. The files on record go before the texts that
    record them. A bucket that may not be listed keeps only what earlier tries left there, until it may.
    """
    now = deps.clock.now()
    if "forgotten_at" not in order and await _what_hinders(deps, order):
        return now + HELD_BACK
    await forget_customer(deps.db, order, secrets.token_urlsafe(18), now)
    await deps.objects.delete(await files_of(deps.db, order))
    await forget_words(deps.db, order)
    await forget_events(deps.db, order)
    await deps.objects.delete(await deps.objects.keys(f"orders/{order['_id']}/"))
    log.info("order_forgotten", order=order["_id"])
    return None


async def retire_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Have an order that ended without a letter forgotten in its time, if the settings say so."""
    forgotten_at = forget_at(deps.settings, order["ended_at"] or deps.clock.now())
    if forgotten_at is not None and "forgotten_at" not in order:
        await retire(deps.db, order["_id"], forgotten_at)
    return None


def forget_at(settings: Settings, over_at: datetime) -> datetime | None:
    """Return the time at which an order that is over since then is forgotten by the settings, or None."""
    days = settings.retain_reports_days
    return over_at + timedelta(days=days) if days else None
