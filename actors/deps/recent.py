"""Values as they stood a moment ago: each is read once for all who ask meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from infra.clock import Clock

Found = TypeVar("Found")


class Recent(Generic[Found]):
    """Value that is at most `fresh_s` seconds old. It belongs to one event loop."""

    def __init__(self, fresh_s: float) -> None:
        """Begin without one."""
        self._fresh_s = fresh_s
        self._began_at = 0.0
        self._reading: asyncio.Task[Found] | None = None

    def is_fresh(self, clock: Clock) -> bool:
        """Return whether the value that was read last is still good."""
        return self._reading is not None and clock.monotonic() - self._began_at <= self._fresh_s

    async def get(self, clock: Clock, read: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        """Return the value, read anew if there is no fresh one. A failure is not remembered."""
        if self._reading is None or not self.is_fresh(clock):
            self._began_at, self._reading = clock.monotonic(), asyncio.create_task(read())
        reading = self._reading
        try:
            # A caller that stops waiting must not take the answer from the others.
            return await asyncio.shield(reading)
        except Exception:
            if self._reading is reading:
                self._reading = None
            raise
