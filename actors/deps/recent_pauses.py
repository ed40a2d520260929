"""Pauses of work as they stood within the last second. They are read once for all work that begins meanwhile."""

import asyncio

from infra.clock import Clock
from storage.database import Database
from storage.records.work import WorkPause
from storage.work_pauses import find_work_pauses

#: The age up to which a pause may be unknown to a worker.
_FRESH_S = 1.0


class RecentPauses:
    """Cache of all pauses. It belongs to one event loop."""

    def __init__(self) -> None:
        """Begin empty."""
        self._began_at = 0.0
        self._reading: asyncio.Task[list[WorkPause]] | None = None

    async def find(self, db: Database, clock: Clock) -> list[WorkPause]:
        """Return the pauses as they were at most a second ago."""
        now = clock.monotonic()
        if self._reading is None or now - self._began_at > _FRESH_S:
            self._began_at, self._reading = now, asyncio.create_task(find_work_pauses(db))
        try:
            # A caller that stops waiting must not take the answer from the others.
            return await asyncio.shield(self._reading)
        except Exception:
            self._reading = None
            raise
