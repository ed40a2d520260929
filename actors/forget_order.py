"""A customer is forgotten: what names them goes first, then texts, then files; the books stay."""

import secrets

import structlog

from actors.engine.mailing import HELD_BACK
from actors.forget import what_hinders
from actors.work_deps import WorkDeps
from storage.errands import delay_errand, end_errand
from storage.forgetting import forget_customer, forget_words
from storage.orders import find_order

log = structlog.get_logger()


async def forget_order(deps: WorkDeps, order_id: str) -> None:
    """Forget an order's customer, later if it is not over; each part may be repeated, also after a crash."""
    order, now = await find_order(deps.db, order_id), deps.clock.now()
    if order is None:
        return
    if "forgotten_at" not in order and await what_hinders(deps, order):
        await delay_errand(deps.db, order_id, "forget_order", now + HELD_BACK)
        return
    await forget_customer(deps.db, order, secrets.token_urlsafe(18), now)
    await forget_words(deps.db, order)
    await deps.objects.delete_all(f"orders/{order_id}/")
    await end_errand(deps.db, order_id, "forget_order")
    log.info("order_forgotten", order=order_id)
