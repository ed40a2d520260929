"""Work beside others, or alone."""

import asyncio

import pytest

from actors.deps.shared_lock import SharedLock

pytestmark = pytest.mark.anyio


async def test_many_share_the_lock() -> None:
    """Those who share do not wait for one another."""
    lock = SharedLock()
    async with lock.shared(), asyncio.timeout(5), lock.shared():
        pass


async def test_one_alone_is_alone() -> None:
    """Who works alone waits for those inside, and keeps newcomers out until it has left."""
    lock, said = SharedLock(), []

    async def suspect() -> None:
        async with lock.exclusive():
            said.append("alone")

    async def newcomer() -> None:
        async with lock.shared():
            said.append("newcomer")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group, lock.shared():
        group.create_task(suspect())
        await asyncio.sleep(0)
        group.create_task(newcomer())
        await asyncio.sleep(0)
        said.append("inside")
    assert said == ["inside", "alone", "newcomer"]


async def test_one_who_gives_up_waiting_locks_nobody_out() -> None:
    """A suspect that is cancelled while it waits leaves the lock open."""
    lock = SharedLock()
    async with asyncio.timeout(5):
        async with lock.shared():
            waiting = asyncio.ensure_future(lock.exclusive().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with lock.exclusive():
            pass
