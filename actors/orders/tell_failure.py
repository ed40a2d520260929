"""An order failed, and was not mended within a while: its customer hears what happens next."""

from datetime import datetime, timedelta

from actors.deps.worker import WorkDeps
from actors.mail.ending import failure
from actors.orders.mailing import HELD_BACK, deliver
from storage.database import Document
from storage.orders import begin_word


async def tell_failure(deps: WorkDeps, order: Document) -> datetime | None:
    """Send the letter about a failure, once, when its time has come; nothing if it was mended by then."""
    now = deps.clock.now()
    if order["failed_at"] is None or not order["email"]:
        return None
    due_at: datetime = order["failed_at"] + timedelta(seconds=deps.settings.failure_letter_after_s)
    if now < due_at:
        return due_at
    if order["on_hold"]:
        return now + HELD_BACK
    if not await begin_word(deps.db, order["_id"], "failure", now):
        return None
    return (await deliver(deps, order, "tell_failure", "failure", lambda: failure(deps, order, now))).again_at
