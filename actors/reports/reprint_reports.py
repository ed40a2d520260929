"""PDFs that S3 has lost are made again from their checkpoints: nothing is bought, and nobody is mailed."""

from datetime import datetime

from actors.deps.process import Deps
from actors.reports.lost_books import is_lost
from actors.reports.replay import reprint
from storage.database import Document
from storage.errands import ERRAND_CHECK
from storage.reports import reports_of


async def reprint_reports(deps: Deps, order: Document) -> datetime | None:
    """Have an order's lost PDFs made again, one report at a time: an order is replayed for no more at once."""
    reports = await reports_of(deps.db, [order]) if not order["stopped"] else []
    begun = [await reprint(deps, report) for report in reports if await is_lost(deps, report)]
    return None if all(begun) else deps.clock.now() + ERRAND_CHECK
