"""The letter with an order's reports goes out once more, for each time that it was asked for."""

from datetime import datetime

from actors.deps.worker import WorkDeps
from actors.mail.reports import resend
from actors.orders.mailing import deliver
from storage.database import Document
from storage.deliveries import resend_name
from storage.reports import reports_of


async def resend_reports(deps: WorkDeps, order: Document) -> datetime | None:
    """Send the latest resend of an order, once; nothing if it was refunded or disputed since."""
    if order["stopped"] or order["on_hold"]:
        return None
    reports, now = await reports_of(deps.db, [order]), deps.clock.now()
    name = resend_name(order["resends"]["count"])
    return (await deliver(deps, order, "resend_reports", name, lambda: resend(deps, order, reports, now))).again_at
