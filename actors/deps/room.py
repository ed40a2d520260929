"""Room for calls that block: so many at once that a server which hangs leaves a worker some hands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: The time for a place to come free. Where none does, the server hangs, and nobody waits any more until one does.
_PATIENCE_S = 2.0


class Room:
    """Room with a number of places."""

    def __init__(self, places: int) -> None:
        """Begin with all of them free."""
        self._places = asyncio.Semaphore(places)
        self._hangs = False

    @asynccontextmanager
    async def place(self) -> AsyncIterator[bool]:
        """Hold a place while inside. False if there is none, and none comes free soon."""
        taken = await self._take()
        try:
            yield taken
        finally:
            if taken:
                self._hangs = False
                self._places.release()

    async def _take(self) -> bool:
        if self._hangs and self._places.locked():
            return False
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._places.acquire()
        except TimeoutError:
            self._hangs = True
            return False
