"""A customer is forgotten: what names them goes first, then texts, files, events; sums, dates and costs stay."""

import secrets
from datetime import datetime

import structlog

from actors.deps.worker import WorkDeps
from actors.orders.forget import what_hinders
from actors.orders.mailing import HELD_BACK
from storage.database import Document
from storage.forgetting import forget_customer, forget_events, forget_words

log = structlog.get_logger()


async def forget_order(deps: WorkDeps, order: Document) -> datetime | None:
    """Forget an order's customer, later if it is not over; each part may be repeated, also after a crash."""
    now = deps.clock.now()
    if "forgotten_at" not in order and await what_hinders(deps, order):
        return now + HELD_BACK
    await forget_customer(deps.db, order, secrets.token_urlsafe(18), now)
    await forget_words(deps.db, order)
    await deps.objects.delete_all(f"orders/{order['_id']}/")
    await forget_events(deps.db, order)
    log.info("order_forgotten", order=order["_id"])
    return None
