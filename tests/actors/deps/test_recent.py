"""Orders that are read once for many steps."""

import pytest

from actors.deps.recent import RecentOrders
from storage.database import Database
from tests.builders import an_order
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def test_a_refund_is_known_within_a_second(db: Database, clock: StoppedClock) -> None:
    """For a second all who ask are told the same order; whoever asks later hears of its refund."""
    recent, order = RecentOrders(), an_order()
    await db.orders.insert_one(order)
    assert await recent.find(db, clock, "cs_1") == order
    await db.orders.update_one({"_id": "cs_1"}, {"$set": {"stopped": True}})
    assert await recent.find(db, clock, "cs_1") == order
    clock.forward(1.1)
    assert await recent.find(db, clock, "cs_1") == {**order, "stopped": True}
