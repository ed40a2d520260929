"""All reports stored: choose the one letter, send it once, and the order is delivered."""

from datetime import datetime

import structlog

from actors.deps.worker import WorkDeps
from actors.mail.reports import completion
from actors.orders.forget import forget_at
from actors.orders.mailing import HELD_BACK, as_it_stands, deliver
from storage.database import Document
from storage.errands import ERRAND_CHECK
from storage.orders import choose_completion, mark_delivered
from storage.reports import reports_of

log = structlog.get_logger()


async def complete_order(deps: WorkDeps, order: Document) -> datetime | None:
    """Send the completion mail of an order whose reports are all stored, if nobody else does."""
    order_id, now = order["_id"], deps.clock.now()
    if order["delivered_at"] is not None or order["letter"] == "refund":
        return None
    if order["on_hold"] or order["stopped"]:  # what ends that makes the errand due at once
        return now + HELD_BACK
    if not await choose_completion(deps.db, order_id):
        return now + ERRAND_CHECK
    reports = await reports_of(deps.db, [order])
    mail = await deliver(
        deps, order, "complete_order", "completion", lambda: completion(deps, order, reports, now)
    )
    if mail.sent:
        now = deps.clock.now()
        await mark_delivered(deps.db, order_id, now, forget_at(deps.settings, now))
        log.info("order_delivered", order=order_id)
        return as_it_stands(order, "complete_order")  # the same write has ended it
    return mail.again_at
