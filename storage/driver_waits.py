"""Waits of MongoDB's driver, as they end where a caller of ours gives up."""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

Result = TypeVar("Result")


def mend_waits() -> None:
    """Let nobody who gives up a search for a server, or for a connection, take the driver's lock along.

    The driver waits in a task of its own until Python 3.11, since `asyncio.wait_for` did. If its caller is
    cancelled while that task takes the lock back, it has it for ever: each operation of the process hangs from
    then on, also once MongoDB is back. From Python 3.12 on there is no such task, and this does nothing.
    """
    if sys.version_info < (3, 12):
        pymongo.lock.wait_for = _wait_for  # type: ignore[attr-defined, assignment]


async def _wait_for(awaited: Awaitable[Result], timeout_s: float | None) -> Result:
    """Return what is awaited, in the caller's own task, as Python 3.12 does; TimeoutError after that time."""
    async with asyncio.timeout(timeout_s):
        return await awaited
