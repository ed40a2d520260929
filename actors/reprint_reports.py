"""PDFs that S3 has lost are made again from their checkpoints: nothing is bought, and nobody is mailed."""

from actors.deps import Deps
from actors.engine.replay import reprint
from actors.lost_books import is_lost
from storage.errands import end_errand
from storage.orders import find_order
from storage.reports import reports_of


async def reprint_reports(deps: Deps, order_id: str) -> None:
    """Have an order's lost PDFs made again. Safe to do twice, by two at once, and after a crash."""
    order = await find_order(deps.db, order_id)
    reports = await reports_of(deps.db, [order]) if order is not None and not order["stopped"] else []
    begun = [await reprint(deps, report) for report in reports if await is_lost(deps, report)]
    if all(begun):  # else the sweep asks again: an order is replayed for one report at a time
        await end_errand(deps.db, order_id, "reprint_reports")
