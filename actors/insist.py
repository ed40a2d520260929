"""Writes that must not be given up while the database is away: the work before them is paid for."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from infra.clock import Clock
from storage.database import DatabaseIsDown

Result = TypeVar("Result")

_PAUSE_S = 0.5


async def insist(clock: Clock, until: datetime, write: Callable[[], Awaitable[Result]]) -> Result:
    """Await `write()` again while MongoDB is down, until the claim it belongs to is over; then DatabaseIsDown."""
    while True:
        try:
            return await write()
        except DatabaseIsDown:
            if clock.now() >= until:
                raise
            await clock.sleep(_PAUSE_S)
