"""Lost books: finds out that S3 has a finished PDF no more, and has it made again."""

from actors.deps.process import Deps
from actors.messages import send_errand
from infra.logs import log
from storage.errands import ERRAND_CHECK, open_errand
from storage.records.work import Report


async def is_lost(deps: Deps, report: Report) -> bool:
    """Return whether a report was stored and S3 has its PDF no more. TransientError if S3 cannot say."""
    pdf = report["pdf"]
    return report["state"] == "stored" and pdf is not None and not await deps.objects.exists(pdf["object"])


async def ask_for_reprint(deps: Deps, order_id: str) -> None:
    """Record that an order's lost PDFs are to be made again, and wake a worker. Many calls at once ask once."""
    if await open_errand(deps.db, order_id, "reprint_reports", deps.clock.now() + ERRAND_CHECK):
        log.warning("report_lost", order=order_id)
        await send_errand(deps, "reprint_reports", order_id)
