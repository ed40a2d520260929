"""Writes that must not be given up while the database is away: the work before them is paid for."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.clock import Clock
from storage.database import DatabaseIsDown

Result = TypeVar("Result")

_PAUSE_S = 0.5


async def until_database_is_back(clock: Clock, write: Callable[[], Awaitable[Result]]) -> Result:
    """Await `write()` again for as long as MongoDB is down and this process lives.

    A late write is harmless. Every write is conditional, and no other worker can claim while MongoDB is away.
    """
    while True:
        try:
            return await write()
        except DatabaseIsDown:
            await clock.sleep(_PAUSE_S)
