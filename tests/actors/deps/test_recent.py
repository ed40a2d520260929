"""Orders that are read once for many steps."""

import asyncio

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


async def test_answers_are_noted_as_used_once_a_second(db: Database, clock: StoppedClock) -> None:
    """Sections that begin together note it once; whoever begins later, or has seen other answers, asks again."""
    recent, order = RecentOrders(), an_order()
    await db.orders.insert_one(order)
    assert await asyncio.gather(*(recent.use(db, clock, order) for _ in range(4))) == [True] * 4
    await db.orders.update_one({"_id": "cs_1"}, {"$set": {"remaking": {}}, "$unset": {"written_from": ""}})
    assert await recent.use(db, clock, order)
    found = await db.orders.find_one({"_id": "cs_1"})
    assert found is not None
    assert "written_from" not in found
    assert not await recent.use(db, clock, {**order, "answers": {"name": "Grace"}})
    clock.forward(1.1)
    assert not await recent.use(db, clock, order)
