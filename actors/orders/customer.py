"""Shows an operator who a customer is, and what they wrote, with an entry in the audit trail."""

from actors.deps.process import Deps
from storage.audit import Authority, record_action
from storage.orders import remembered_order
from storage.records.orders import Order


async def reveal_customer(deps: Deps, order_id: str, authority: Authority) -> Order:
    """Return an order with all that is known of its customer, with an entry in the audit trail.

    OrderDoesNotExist if nothing is known any more.
    """
    order = await remembered_order(deps.db, order_id)
    await record_action(deps.db, authority, "looked at", order_id, "customer", deps.clock.now())
    return order
