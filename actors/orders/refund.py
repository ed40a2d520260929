"""An operator's word that an order is to be refunded in full."""

from typing import Any

from actors.deps.webhook import IntakeDeps
from actors.messages import send_errand
from infra.errors import PressroomError
from storage.audit import Warrant, record_action
from storage.database import Document
from storage.errands import ERRAND_CHECK
from storage.orders import choose_refund, find_order


class RefundIsImpossible(PressroomError):
    """There is no such order, nothing to give back, or its reports are on their way."""


async def refundable_order(deps: IntakeDeps, order_id: str) -> Document:
    """Return an order that can be refunded; RefundIsImpossible says why one cannot."""
    order = await find_order(deps.db, order_id)
    if order is None:
        raise RefundIsImpossible(f"There is no order {order_id}.")
    if order["paid_at"] is None or order["payment_intent"] is None:
        raise RefundIsImpossible(f"Nothing was paid for order {order_id}.")
    if order["on_hold"]:
        raise RefundIsImpossible(f"Order {order_id} is disputed: its money goes by the bank's decision.")
    if order["refund_failed"]:
        raise RefundIsImpossible(f"A refund of order {order_id} failed: see to it on Stripe's own pages.")
    if order["letter"] is not None:
        chosen = f"The {order['letter']} letter of order {order_id} is chosen already"
        raise RefundIsImpossible(f"{chosen}. What is delivered can be refunded on Stripe's own pages.")
    return order


async def begin_refund(deps: IntakeDeps, order_id: str, warrant: Warrant) -> None:
    """Have all that was paid for an order given back, on the record; or RefundIsImpossible."""
    await refundable_order(deps, order_id)
    if not await decide_refund(deps, order_id, warrant):
        raise RefundIsImpossible(f"Another letter of order {order_id} was chosen at this moment.")
    await send_errand(deps, "refund_order", order_id)


async def decide_refund(deps: IntakeDeps, order_id: str, warrant: Warrant, **seen: Any) -> bool:
    """Choose the refund as an order's letter, on the record; False if another is, or `seen` holds no more."""
    now = deps.clock.now()
    await record_action(deps.db, warrant, "refunded", order_id, "all of it", now)
    return await choose_refund(deps.db, order_id, now + ERRAND_CHECK, **seen)
