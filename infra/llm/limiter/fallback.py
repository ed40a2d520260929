"""Switches between the shared count and this worker's part of it while Redis is away."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from infra.clock import SystemClock
from infra.llm.limiter.local_count import LocalCount
from infra.llm.limiter.shared import SharedCount, SharedCountIsAway
from infra.llm.limiter.types import Outcome, Reservation, Wait

log = structlog.get_logger()


class CountWithFallback:
    """Gives and settles reservations whether Redis answers or not; no method ever fails."""

    def __init__(self, shared: SharedCount) -> None:
        #: Whether this worker counts for itself.
        self.alone = asyncio.Event()
        self._shared = shared
        self._current: SharedCount | LocalCount = shared

    async def reserve(self, tokens: int) -> Reservation | Wait:
        """Give room for one call, or say how long there is none."""
        try:
            return await self._current.reserve(tokens)
        except SharedCountIsAway as error:
            self._fall_back(error)
        return await self._current.reserve(tokens)

    async def settle(self, reservation: Reservation, outcome: Outcome) -> None:
        """Take the call's place back. A second time, or after the lease, nothing happens."""
        if reservation.shared != self.alone.is_set():  # a reservation of the other count lapses by itself
            with self._falling_back():
                await self._current.settle(reservation, outcome)

    async def wait(self, seconds: float) -> None:
        """Return after that long, or earlier when there is reason to ask again."""
        with self._falling_back():
            await self._current.wait(seconds)

    async def leave_line(self) -> None:
        """Let other workers move up."""
        with self._falling_back():
            await self._current.leave_line()

    async def beat(self) -> None:
        """Stay counted among the workers, and go back to the shared count when Redis is there again."""
        with self._falling_back():
            await self._shared.beat()
            if self.alone.is_set():
                log.info("limits_shared_again")
            self._current = self._shared
            self.alone.clear()

    async def close(self) -> None:
        """Leave, and close every connection."""
        await self._shared.close()

    @contextmanager
    def _falling_back(self) -> Iterator[None]:
        try:
            yield
        except SharedCountIsAway as error:
            self._fall_back(error)

    def _fall_back(self, error: SharedCountIsAway) -> None:
        if not self.alone.is_set():
            self._current = LocalCount(
                SystemClock(), self._shared.limits, self._shared.bound, self._shared.workers
            )
            self.alone.set()
            log.warning("limits_not_shared", error=str(error), part=f"1/{self._current.parts}")
