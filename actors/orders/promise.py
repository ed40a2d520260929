"""Promise of an order: when it should be ready."""

from datetime import datetime, timedelta

from actors.products.catalogue import offer_of
from storage.records.orders import Order


def promised_at(order: Order) -> datetime | None:
    """Return the time at which an order should be ready, from its payment or last answer.

    None if no customer waits.
    """
    offer = offer_of(order["product"])
    over = order["missing"] or order["objection"] or order["letter"] or order["stopped"]
    if offer is None or order["paid_at"] is None or over:
        return None
    began_at = order.get("filled_at") or order["paid_at"]
    return began_at + timedelta(seconds=offer.promise_s)
