"""Resends: an order's reports, sent once more. Each request has a number of its own."""

from datetime import datetime, timedelta

from storage.database import Database, updated
from storage.errands import ERRAND_CHECK, errand_update
from storage.records.orders import Order, Resends

#: The bounds of a customer's requests: their number in a day, and the time from one to the next.
MOST_A_DAY, APART = 3, timedelta(minutes=10)
_DAY = timedelta(days=1)
_NONE: Resends = {"count": 0, "times": []}


def may_ask_at(order: Order, now: datetime) -> datetime:
    """Return when a customer may ask for an order's reports again: `now`, or a later moment."""
    if "resends" not in order:
        return now
    times = order["resends"]["times"]
    full = len(times) == MOST_A_DAY
    return max(now, times[-1] + APART, times[0] + _DAY if full else now)


async def note_resend(db: Database, seen: Order, now: datetime) -> bool:
    """Add one resend and its errand to an order.

    False if another request came since the order was seen, or its customer is to be forgotten.
    """
    before = seen.get("resends", _NONE)
    # Resends by operators count as well, since the customer gets their letters, too.
    resends: Resends = {"count": before["count"] + 1, "times": [*before["times"], now][-MOST_A_DAY:]}
    update = errand_update("resend_reports", now + ERRAND_CHECK)
    update["$set"]["resends"] = resends
    still = {"_id": seen["_id"], "resends.count": before["count"] or None, "forget_asked_at": None}
    return await updated(db.orders, still, update)
