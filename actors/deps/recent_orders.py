"""Orders as they stood within the last second. Each is read once for all steps that begin meanwhile."""

from functools import partial

from actors.deps.recent import Recent
from infra.clock import Clock
from storage.database import Database
from storage.orders import find_order
from storage.records.orders import Order

#: The age up to which an order's refund may be unknown when one of its steps is claimed.
_FRESH_S = 1.0
#: Orders that are remembered before the old ones among them are forgotten.
_MANY = 256


class RecentOrders:
    """Cache of orders by id. It belongs to one event loop."""

    def __init__(self) -> None:
        """Begin empty."""
        self._orders: dict[str, Recent[Order | None]] = {}

    async def find(self, db: Database, clock: Clock, order_id: str) -> Order | None:
        """Return the order as it was at most a second ago, or None."""
        if order_id not in self._orders:
            self._forget_old(clock)
        recent = self._orders.setdefault(order_id, Recent(_FRESH_S))
        return await recent.get(clock, partial(find_order, db, order_id))

    def _forget_old(self, clock: Clock) -> None:
        if len(self._orders) >= _MANY:
            self._orders = {key: one for key, one in self._orders.items() if one.is_fresh(clock)}
