"""Shows an operator who a customer is, and what they wrote, with an entry in the audit trail."""

from actors.deps.process import Deps
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.orders import find_order
from storage.records.orders import Order


class NothingToShow(PressroomError):
    """The order does not exist, or its customer is forgotten."""


async def reveal_customer(deps: Deps, order_id: str, authority: Authority) -> Order:
    """Return an order with all that is known of its customer, with an entry in the audit trail."""
    order = await find_order(deps.db, order_id)
    if order is None or "forgotten_at" in order:
        raise NothingToShow(f"There is no order {order_id}, or no more.")
    await record_action(deps.db, authority, "looked at", order_id, "customer", deps.clock.now())
    return order
