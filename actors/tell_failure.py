"""An order failed, and was not mended within a while: its customer hears what happens next."""

from datetime import timedelta

from actors.engine.mailing import deliver
from actors.letters.ending import failure
from actors.work_deps import WorkDeps
from storage.errands import delay_errand, end_errand
from storage.orders import begin_word, find_order


async def tell_failure(deps: WorkDeps, order_id: str) -> None:
    """Send the letter about a failure, once, when its time has come; nothing if it was mended by then."""
    order, now = await find_order(deps.db, order_id), deps.clock.now()
    if order is None or order["failed_at"] is None or not order["email"]:
        await end_errand(deps.db, order_id, "tell_failure")
        return
    due_at = order["failed_at"] + timedelta(seconds=deps.settings.failure_letter_after_s)
    if now < due_at:
        await delay_errand(deps.db, order_id, "tell_failure", due_at)
    elif not await begin_word(deps.db, order_id, "failure", now) or await deliver(
        deps, order_id, "tell_failure", "failure", lambda: failure(deps, order, now)
    ):
        await end_errand(deps.db, order_id, "tell_failure")
