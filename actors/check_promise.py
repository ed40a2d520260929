"""An order is not ready when it was promised for: its operator and its customer hear of it, once."""

from datetime import datetime, timedelta

from actors.catalogue import OFFERS
from actors.engine.mailing import deliver
from actors.letters.progress import delay
from actors.work_deps import WorkDeps
from storage.alerts import raise_alert
from storage.database import Document
from storage.errands import delay_errand, end_errand
from storage.orders import begin_word, find_order

#: An operator mends a failed order, and its customer hears of that; when to look whether it goes on after all.
_LOOK_AGAIN = timedelta(minutes=15)


async def check_promise(deps: WorkDeps, order_id: str) -> None:
    """Alert the operator, and tell the customer, if an order is overdue; look again later if it is not yet."""
    order, now = await find_order(deps.db, order_id), deps.clock.now()
    promised_at = _promised_at(order) if order is not None else None
    if order is None or promised_at is None:
        await end_errand(deps.db, order_id, "check_promise")
    elif now < promised_at:
        await delay_errand(deps.db, order_id, "check_promise", promised_at)
    elif order["failed_at"] is not None:
        await _alert(deps, order_id, now)
        await delay_errand(deps.db, order_id, "check_promise", now + _LOOK_AGAIN)
    elif not await begin_word(deps.db, order_id, "delay", now):
        await end_errand(deps.db, order_id, "check_promise")
    else:
        await _alert(deps, order_id, now)
        if await deliver(deps, order_id, "check_promise", "delay", lambda: delay(deps, order, now)):
            await end_errand(deps.db, order_id, "check_promise")


def _promised_at(order: Document) -> datetime | None:
    """Return when an order should be ready, counted from its payment or last answer; None if nobody waits."""
    offer = OFFERS.get(order["product"])
    if offer is None or order["missing"] or order["letter"] or order["stopped"] or order["on_hold"]:
        return None
    began_at: datetime = order.get("filled_at") or order["paid_at"]
    return began_at + timedelta(seconds=offer.promise_s)


async def _alert(deps: WorkDeps, order_id: str, now: datetime) -> None:
    await raise_alert(deps.db, "overdue", "The order is not ready when it was promised for.", now, order=order_id)
