"""Values as they stood a moment ago, and chunks that were stored last: what need not be read again so soon."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from infra.clock import Clock
from storage.corrections import use_answers
from storage.database import Database
from storage.orders import find_order
from storage.records.orders import Order

Found = TypeVar("Found")

#: The age up to which an order's refund may be unknown when one of its steps is claimed.
_FRESH_ORDER_S = 1.0
#: Orders that are remembered.
_MOST_ORDERS = 256
#: The chapters, of some 30 KB each, of twenty long reports under way.
_MOST_BYTES = 32 << 20


class Recent(Generic[Found]):
    """Value that is at most `fresh_s` seconds old, read once for all who ask meanwhile. It belongs to one loop."""

    def __init__(self, fresh_s: float) -> None:
        """Begin without one."""
        self._fresh_s = fresh_s
        self._began_at = 0.0
        self._reading: asyncio.Task[Found] | None = None

    async def get(self, clock: Clock, read: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        """Return the value, read anew if there is no fresh one. A failure is not remembered."""
        now = clock.monotonic()
        if self._reading is None or now - self._began_at > self._fresh_s:
            self._began_at, self._reading = now, asyncio.create_task(read())
        reading = self._reading
        try:
            # A caller that stops waiting must not take the answer from the others.
            return await asyncio.shield(reading)
        except Exception:
            if self._reading is reading:
                self._reading = None
            raise


class RecentOrders:
    """Orders as they stood within the last second, and the uses of their answers. It belongs to one event loop."""

    def __init__(self) -> None:
        """Begin empty."""
        self._orders: LRUCache[str, Recent[Order | None]] = LRUCache(_MOST_ORDERS)
        self._uses: LRUCache[tuple[str, frozenset[tuple[str, str]]], Recent[bool]] = LRUCache(_MOST_ORDERS)

    async def find(self, db: Database, clock: Clock, order_id: str) -> Order | None:
        """Return the order as it was at most a second ago, or None."""
        recent = self._orders.setdefault(order_id, Recent(_FRESH_ORDER_S))
        return await recent.get(clock, partial(find_order, db, order_id))

    async def use(self, db: Database, clock: Clock, seen: Order) -> bool:
        """Record that a section is about to be bought from an order's answers, as they were seen (T11c).

        Once for all sections that begin within a second. False if the answers are not as they were seen any more.
        """
        key = seen["_id"], frozenset(seen["answers"].items())
        recent = self._uses.setdefault(key, Recent(_FRESH_ORDER_S))
        return await recent.get(clock, lambda: use_answers(db, seen, clock.now()))


class RecentChunks:
    """Chunks that this process stored last. If it binds them too, it need not fetch them."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Begin empty."""
        self._chunks: LRUCache[str, bytes] = LRUCache(most_bytes, getsizeof=len)

    def keep(self, key: str, pdf: bytes) -> None:
        """Keep a chunk under its key. The chunk that was unused the longest gives way to it."""
        if len(pdf) <= self._chunks.maxsize:
            self._chunks[key] = pdf

    def take(self, key: str) -> bytes | None:
        """Return the chunk and forget it. None if it was stored elsewhere, or too long ago."""
        return self._chunks.pop(key, None)
