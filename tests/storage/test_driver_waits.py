"""What is left of an operation that its caller gave up while MongoDB was away."""

import asyncio
from collections.abc import Callable

import pytest

from infra.local.ports import HOST, reserve_ports
from storage.database import Database, DatabaseIsDown

pytestmark = pytest.mark.anyio


async def until(holds: Callable[[], bool]) -> None:
    """Return once something holds."""
    while not holds():  # noqa: ASYNC110  # a private state of the driver's, which tells nobody
        await asyncio.sleep(0.01)


async def test_a_search_that_is_given_up_leaves_the_next_one_free() -> None:
    """Cancelled while it takes the driver's lock back from others, it does not keep it: the next ends in time."""
    mark, [port] = reserve_ports(1)
    with mark:
        db = Database(f"mongodb://{HOST}:{port}/?replicaSet=away", timeout_s=1)
        search = asyncio.create_task(db.ping())
        topology = await db.client._get_topology()
        await until(lambda: bool(topology._condition._waiters))
        async with topology._lock:
            await until(lambda: not topology._condition._waiters)  # the driver looks anew after half a second
            search.cancel()
        await asyncio.wait([search], timeout=1)
        with pytest.raises(DatabaseIsDown):
            await asyncio.wait_for(db.ping(), 5)
        assert search.cancelled()
        await db.close()
