"""An order is paused, or goes on: its operator is called, or its work is set going again."""

from actors.deps import Deps
from storage.budget import end_heeding, is_paused
from storage.orders import fail_order, find_order, release_operator
from storage.reports import report_ids
from storage.steps import unpark_steps


async def heed_pause(deps: Deps, order_id: str) -> None:
    """Bring about what an order's pause, or its end, asks for. Safe to do twice, and after a crash."""
    order = await find_order(deps.db, order_id)
    if order is None or not order.get("pause"):
        return
    now, reason = deps.clock.now(), order["pause"]["reason"]
    if is_paused(order):
        await fail_order(deps.db, order_id, reason, now, kind="budget")
    else:
        await unpark_steps(deps.db, report_ids(order), now)
        await release_operator(deps.db, order_id, reason)
    await end_heeding(deps.db, order)
