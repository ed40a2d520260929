"""The letter with an order's reports goes out once more, for each time that it was asked for."""

from actors.engine.mailing import deliver
from actors.letters.reports import resend
from actors.work_deps import WorkDeps
from storage.deliveries import resend_name
from storage.errands import end_errand
from storage.orders import find_order
from storage.reports import reports_of


async def resend_reports(deps: WorkDeps, order_id: str) -> None:
    """Send the latest resend of an order, once; nothing if it was refunded or disputed since."""
    order = await find_order(deps.db, order_id)
    if order is None:
        return
    reports, now = await reports_of(deps.db, [order]), deps.clock.now()
    name = resend_name(order["resends"]["count"])
    if (
        order["stopped"]
        or order["on_hold"]
        or await deliver(deps, order_id, "resend_reports", name, lambda: resend(deps, order, reports, now))
    ):
        await end_errand(deps.db, order_id, "resend_reports")
