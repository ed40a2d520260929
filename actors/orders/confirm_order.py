"""A long order is begun: its customer hears that it was taken, and how long it takes."""

from datetime import datetime

from actors.deps.worker import WorkDeps
from actors.mail.progress import confirmation
from actors.orders.estimate import estimate_s
from actors.orders.mailing import HELD_BACK, deliver
from storage.database import Document


async def confirm_order(deps: WorkDeps, order: Document) -> datetime | None:
    """Send the confirmation, once; nothing if another letter says how the order stands by now, or will."""
    now = deps.clock.now()
    told = order["stored_at"] or order["letter"] or order["failed_at"] or order.get("told")
    if order["stopped"] or told:
        return None
    if order["on_hold"]:
        return now + HELD_BACK
    seconds = await estimate_s(deps, order["products"])
    mail = await deliver(
        deps, order, "confirm_order", "confirmation", lambda: confirmation(deps, order, seconds, now)
    )
    return mail.again_at
