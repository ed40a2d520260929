"""Resends: an order's reports, sent once more. Each request has a number of its own."""

from datetime import datetime, timedelta

from storage.database import Database, Document, translating
from storage.errands import ERRAND_CHECK, errand_update

#: The bounds of a customer's requests: their number in a day, and the time from one to the next.
MOST_A_DAY, APART = 3, timedelta(minutes=10)
_DAY = timedelta(days=1)


def may_ask_at(order: Document, now: datetime) -> datetime:
    """Return when a customer may ask for an order's reports again: `now`, or a later moment."""
    times: list[datetime] = order.get("resends", {}).get("times", [])
    if not times:
        return now
    full = len(times) == MOST_A_DAY
    return max(now, times[-1] + APART, times[0] + _DAY if full else now)


@translating
async def note_resend(db: Database, seen: Document, now: datetime) -> bool:
    """Add one resend and its errand to an order. False if another request came since the order was seen."""
    resends = seen.get("resends", {"count": None, "times": []})
    update = errand_update("resend_reports", now + ERRAND_CHECK)
    # Resends by operators count as well, since the customer gets their letters, too.
    update["$set"]["resends"] = {
        "count": (resends["count"] or 0) + 1,
        "times": [*resends["times"], now][-MOST_A_DAY:],
    }
    still = {"_id": seen["_id"], "resends.count": resends["count"]}
    return (await db.orders.update_one(still, update)).matched_count == 1
