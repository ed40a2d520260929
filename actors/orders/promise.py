"""Promise of an order: when it should be ready."""

from datetime import datetime, timedelta

from actors.products.catalogue import offer_of
from storage.order_state import is_withdrawn
from storage.records.orders import Order

#: The time in which the mails of a morning have to go out.
_SENT_WITHIN = timedelta(hours=1)


def promise_of(order: Order) -> datetime | None:
    """Return the time that an order was promised for, from its payment, its last answer or the last correction.

    A gift that is made is promised for an hour after its day begins. None before its payment, and of an offer that
    is not sold here.
    """
    offer = offer_of(order["product"])
    if offer is None or order["paid_at"] is None:
        return None
    corrected = [one["at"] for one in order.get("corrections", ())]
    promised = max([order.get("filled_at", order["paid_at"]), *corrected]) + timedelta(seconds=offer.promise_s)
    if "gift" in order and order["stored_at"]:
        return max(promised, order["gift"]["at"] + _SENT_WITHIN)
    return promised


def promised_at(order: Order) -> datetime | None:
    """Return the time at which an order should be ready. None if no customer waits."""
    over = order["missing"] or order["objection"] or order["letter"] or order["stopped"] or is_withdrawn(order)
    return None if over else promise_of(order)
