"""Privacy of customers: an operator looks at who one is, on the record, or has one forgotten."""

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.orders.hindrances import why_not_forgotten
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.forgetting import ask_forgetting
from storage.orders import named_order, remembered_order
from storage.records.orders import Order


class OrderIsNotOver(PressroomError):
    """The order is being made or sent."""


async def reveal_customer(deps: Deps, order_id: str, authority: Authority) -> Order:
    """Return an order with all that is known of its customer, with an entry in the audit trail.

    OrderDoesNotExist if nothing is known any more.
    """
    order = await remembered_order(deps.db, order_id)
    await record_action(deps.db, authority, "looked at", order_id, "customer", deps.clock.now())
    return order


async def begin_forgetting(deps: Deps, order_id: str, authority: Authority) -> None:
    """Record that an order's customer is to be forgotten, with an entry in the audit trail.

    OrderIsNotOver if it is too early.
    """
    order = await named_order(deps.db, order_id)
    if why := await why_not_forgotten(deps, order):
        raise OrderIsNotOver(f"Order {order_id} cannot be forgotten yet: {why}.")
    now = deps.clock.now()
    await record_action(deps.db, authority, "forgotten", order_id, "customer", now)
    if not await ask_forgetting(deps.db, order, now):
        raise OrderIsNotOver("The order has changed at this very moment. Look again.")
    await send_errand(deps, "forget_order", order_id)
