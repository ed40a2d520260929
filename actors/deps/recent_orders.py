"""Orders as they stood within the last second. Each is read once for all steps that begin meanwhile."""

import asyncio
from typing import NamedTuple

from infra.clock import Clock
from storage.database import Database
from storage.orders import find_order
from storage.records.orders import Order

#: The age up to which an order's refund may be unknown when one of its steps is claimed.
_FRESH_S = 1.0
#: Orders that are remembered before the old ones among them are forgotten.
_MANY = 256


class _Read(NamedTuple):
    began_at: float
    order: "asyncio.Task[Order | None]"


class RecentOrders:
    """Cache of orders by id. It belongs to one event loop."""

    def __init__(self) -> None:
        """Begin empty."""
        self._reads: dict[str, _Read] = {}

    async def find(self, db: Database, clock: Clock, order_id: str) -> Order | None:
        """Return the order as it was at most a second ago, or None."""
        now = clock.monotonic()
        read = self._reads.get(order_id)
        if read is None or now - read.began_at > _FRESH_S:
            self._forget_old(now)
            read = self._reads[order_id] = _Read(now, asyncio.create_task(find_order(db, order_id)))
        try:
            # A caller that stops waiting must not take the answer from the others.
            return await asyncio.shield(read.order)
        except Exception:
            self._reads.pop(order_id, None)
            raise

    def _forget_old(self, now: float) -> None:
        if len(self._reads) >= _MANY:
            self._reads = {key: read for key, read in self._reads.items() if now - read.began_at <= _FRESH_S}
