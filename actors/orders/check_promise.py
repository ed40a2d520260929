"""An order is not ready when it was promised for: its operator and its customer hear of it, once."""

from datetime import datetime, timedelta

from actors.deps.worker import WorkDeps
from actors.mail.progress import delay
from actors.orders.mailing import deliver
from actors.products.catalogue import OFFERS
from storage.alerts import raise_alert
from storage.database import Document
from storage.orders import begin_word

#: An operator mends a failed order, and its customer hears of that; when to look whether it goes on after all.
_LOOK_AGAIN = timedelta(minutes=15)


async def check_promise(deps: WorkDeps, order: Document) -> datetime | None:
    """Alert the operator, and tell the customer, if an order is overdue; look again later if it is not yet."""
    promised_at, now = _promised_at(order), deps.clock.now()
    if order["on_hold"]:
        return now + _LOOK_AGAIN
    if promised_at is None or now < promised_at:
        return promised_at
    if order["failed_at"] is not None:
        await _alert(deps, order)
        return now + _LOOK_AGAIN
    if not await begin_word(deps.db, order["_id"], "delay", now):
        return None
    await _alert(deps, order)
    return (await deliver(deps, order, "check_promise", "delay", lambda: delay(deps, order, now))).again_at


def _promised_at(order: Document) -> datetime | None:
    """Return when an order should be ready, counted from its payment or last answer; None if nobody waits."""
    offer = OFFERS.get(order["product"])
    if offer is None or order["missing"] or order["letter"] or order["stopped"]:
        return None
    began_at: datetime = order.get("filled_at") or order["paid_at"]
    return began_at + timedelta(seconds=offer.promise_s)


async def _alert(deps: WorkDeps, order: Document) -> None:
    late = "The order is not ready when it was promised for."
    await raise_alert(deps.db, "overdue", late, deps.clock.now(), order=order["_id"])
