"""All reports stored: choose the one letter, send it once, and the order is delivered."""

import structlog

from actors.engine.mailing import HELD_BACK, deliver
from actors.forget import forget_at
from actors.letters.reports import completion
from actors.work_deps import WorkDeps
from storage.errands import delay_errand, end_errand
from storage.orders import choose_completion, find_order, mark_delivered
from storage.reports import reports_of

log = structlog.get_logger()


async def complete_order(deps: WorkDeps, order_id: str) -> None:
    """Send the completion mail of an order whose reports are all stored, if nobody else does."""
    order = await find_order(deps.db, order_id)
    if order is None or order["delivered_at"] is not None or order["letter"] == "refund":
        await end_errand(deps.db, order_id, "complete_order")
        return
    if order["on_hold"] or order["stopped"]:  # what ends that makes the errand due at once
        await delay_errand(deps.db, order_id, "complete_order", deps.clock.now() + HELD_BACK)
        return
    if not await choose_completion(deps.db, order_id):
        return
    reports, now = await reports_of(deps.db, [order]), deps.clock.now()
    if await deliver(
        deps, order_id, "complete_order", "completion", lambda: completion(deps, order, reports, now)
    ):
        await mark_delivered(deps.db, order_id, now := deps.clock.now(), forget_at(deps.settings, now))
        log.info("order_delivered", order=order_id)
