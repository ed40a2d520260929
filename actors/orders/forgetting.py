"""Asks for a customer to be forgotten, on an operator's word. The worker's part is `forget`."""

from actors.deps.webhook import IntakeDeps
from actors.messages import ask
from actors.orders.hindrances import why_not_forgotten
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.orders import named_order


class OrderIsNotOver(PressroomError):
    """The order is being made or sent."""


async def begin_forgetting(deps: IntakeDeps, order_id: str, authority: Authority) -> None:
    """Record that an order's customer is to be forgotten, with an entry in the audit trail.

    OrderIsNotOver if it is too early.
    """
    order = await named_order(deps.db, order_id)
    if why := await why_not_forgotten(deps, order):
        raise OrderIsNotOver(f"Order {order_id} cannot be forgotten yet: {why}.")
    await record_action(deps.db, authority, "forgotten", order_id, "customer", deps.clock.now())
    await ask(deps, order_id, "forget_order")
