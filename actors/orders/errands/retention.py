"""Retention of customers' data, until an operator or the settings end it. Sums, dates and costs stay."""

import secrets
from datetime import datetime, timedelta

from actors.deps.worker import WorkDeps
from actors.orders.errands.delivery import HELD_BACK, as_it_stands
from actors.orders.hindrances import why_not_forgotten
from infra.logs import log
from infra.settings import Settings
from storage.errands import ERRAND_CHECK
from storage.forgetting import files_of, forget_customer, forget_events, forget_words
from storage.orders import retire
from storage.records.orders import Order

#: The time by which an errand is asked for before it is due: the sweep gives it some seconds, and clocks differ.
_EARLY = timedelta(minutes=1)


async def forget_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Forget an order's customer, later if it is not over. Each part may be repeated, also after a crash.

    Fields that name the customer go first, then files, texts, events. The files on record go before the texts that
    record them. A bucket that may not be listed keeps only what earlier tries left there, until it may.
    """
    now = deps.clock.now()
    if (due_at := as_it_stands(order, "forget_order")) and now + _EARLY < due_at:  # whoever asks
        return due_at
    if "forgotten_at" not in order and await why_not_forgotten(deps, order):
        return now + HELD_BACK
    if not await forget_customer(deps.db, order, secrets.token_urlsafe(18), now):
        return now + ERRAND_CHECK
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
