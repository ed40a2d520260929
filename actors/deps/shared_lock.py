"""A lock that many steps of a process share, or one suspect step holds alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class SharedLock:
    """Lock that many share or one holds. A caller that wants it alone is not kept waiting by newcomers."""

    def __init__(self) -> None:
        """Begin empty."""
        self._present = 0
        self._locked = False
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Work beside others."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._locked)
            self._present += 1
        try:
            yield
        finally:
            async with self._changed:
                self._present -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Keep others out, and work once those inside have left."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._locked)
            self._locked = True
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: self._present == 0)
            yield
        finally:
            async with self._changed:
                self._locked = False
                self._changed.notify_all()
