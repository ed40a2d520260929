"""Refunds in full, on an operator's word or the settings': quoted, and chosen as an order's letter (T18r)."""

from collections.abc import Sequence
from typing import Any

from actors.deps.intake import IntakeDeps
from actors.deps.process import Deps
from actors.mail.formatting import written_amount
from actors.messages import send_errand
from actors.orders.hindrances import why_not_refundable
from actors.orders.operators.tally import Quote, Tally, quoted
from infra.errors import PressroomError
from infra.stripe.client import Stripe
from storage.audit import Authority, record_action
from storage.corrections import uncorrected_since
from storage.endings import choose_refund
from storage.errands import ERRAND_CHECK
from storage.grouping import by_id
from storage.order_state import amount_paid
from storage.orders import find_orders, named_order
from storage.records.orders import Order

#: The orders that are read in one go.
_BATCH = 500


class RefundIsImpossible(PressroomError):
    """The order has nothing to give back, or its reports are on their way."""


async def refundable_order(deps: IntakeDeps, order_id: str) -> Order:
    """Return an order that can be refunded. RefundIsImpossible, with the reason, if it cannot."""
    order = await named_order(deps.db, order_id)
    if why := why_not_refundable(order):
        raise RefundIsImpossible(why)
    return order


async def refund_sum(deps: Deps, order_id: str) -> str:
    """Ask Stripe how much would go back, such as 19.00 USD. RefundIsImpossible if nothing can."""
    intent = (await refundable_order(deps, order_id))["payment_intent"]
    charge = await Stripe(deps.settings).charge(intent or "")
    return written_amount(charge["amount"] - charge["amount_refunded"], charge["currency"])


async def begin_refund(deps: IntakeDeps, order_id: str, authority: Authority) -> None:
    """Begin to refund all that was paid for an order, with an entry in the audit trail.

    RefundIsImpossible if the order cannot be refunded.
    """
    order = await refundable_order(deps, order_id)
    if not await decide_refund(deps, order_id, authority, **uncorrected_since(order)):
        raise RefundIsImpossible(f"Another letter of order {order_id} was chosen at this moment.")
    await send_errand(deps, "refund_order", order_id)


async def decide_refund(deps: IntakeDeps, order_id: str, authority: Authority, **seen: Any) -> bool:
    """Choose the refund as an order's letter, with an entry in the audit trail (T18r).

    False if another letter is chosen, or the order is not as in `seen` any more.
    """
    now = deps.clock.now()
    await record_action(deps.db, authority, "refunded", order_id, "all of it", now)
    return await choose_refund(deps.db, order_id, now + ERRAND_CHECK, **seen)


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
    tally.subjects.append(order["_id"])
    tally.paid[currency] += price
    tally.given_back[currency] += max(0, price - back)
    tally.grounds.append(f"{order['_id']} {back}")
    if order["email"]:
        tally.mails.add((order["_id"], "refund"))
