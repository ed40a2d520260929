"""Clocks, injected: hours of a customer's time pass at once in a test."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of time, and of pauses."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""


class SystemClock:
    """The machine's own clock. MongoDB keeps milliseconds, so `now` has no finer part."""

    def now(self) -> datetime:
        """Return the current time, in UTC, in whole milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)
