"""A customer has not filled in what is missing in time."""

from datetime import datetime

from actors.deps.worker import WorkDeps
from actors.intake.placing import start_order
from storage.database import Document
from storage.orders import DETAILS_OVERDUE, call_operator


async def end_patience(deps: WorkDeps, order: Document) -> datetime | None:
    """Put the order before an operator."""
    if not order["missing"]:  # filled in, and a crash kept the form from saying so
        await start_order(deps, order)
    elif not order["stopped"]:
        await call_operator(deps.db, order["_id"], DETAILS_OVERDUE, deps.clock.now())
    return None
