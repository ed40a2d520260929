"""An order is paused, or goes on: its operator is called, or its work is set going again."""

from datetime import datetime

from actors.deps.process import Deps
from actors.orders.attention import release
from storage.budget import is_paused
from storage.database import Document
from storage.orders import fail_order
from storage.queueing import unpark_steps
from storage.reports import report_ids


async def heed_pause(deps: Deps, order: Document) -> datetime | None:
    """Bring about what an order's pause, or its end, asks for. Safe to do twice, and after a crash."""
    now, reason = deps.clock.now(), order["pause"]["reason"]
    if is_paused(order):
        await fail_order(deps.db, order["_id"], reason, now, kind="budget")
    else:
        await unpark_steps(deps.db, report_ids(order), now)
        await release(deps, order["_id"], reason)
    return None
