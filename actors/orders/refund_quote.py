"""Quotes of refunds: of how many orders, how much money goes back, and which are refused, before any does."""

from collections.abc import Sequence

from actors.deps.process import Deps
from actors.orders.hindrances import why_not_refundable
from actors.orders.tally import Quote, Tally, quoted
from storage.grouping import by_id
from storage.order_state import amount_paid
from storage.orders import find_orders
from storage.records.orders import Order

#: The orders that are read in one go.
_BATCH = 500


async def quote_refunds(deps: Deps, order_ids: Sequence[str]) -> Quote:
    """Return the quote for giving back all that was paid for some orders. Stripe is not asked."""
    tally = Tally()
    for start in range(0, len(order_ids), _BATCH):
        batch = order_ids[start : start + _BATCH]
        found = by_id(await find_orders(deps.db, batch))
        for order_id in batch:
            order = found.get(order_id)
            if why := why_not_refundable(order) if order else f"There is no order {order_id}.":
                tally.refused[order_id] = why
            elif order:
                _add(tally, order)
    return await quoted(deps, tally, "order")


def _add(tally: Tally, order: Order) -> None:
    price, currency, back = amount_paid(order) or 0, order["currency"] or "", order["amount_refunded"]
    tally.letters.append(order["_id"])
    tally.paid[currency] += price
    tally.given_back[currency] += max(0, price - back)
    tally.grounds.append(f"{order['_id']} {back}")
    if order["email"]:
        tally.mails.add((order["_id"], "refund"))
