"""Machines: each runs one process, has a clock of its own, and may die or freeze at any moment."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime, timedelta
from typing import Any

_BEGINNING = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class MachineClock:
    """Clock of one machine, off by some seconds. It has whole milliseconds, as the real one."""

    def __init__(self, skew_s: float) -> None:
        """Take how far it is off."""
        self._beginning = _BEGINNING + timedelta(seconds=skew_s)
        #: Seconds for which the machine as a whole was stopped. Only its time of day makes up for them.
        self.slept_s = 0.0

    def now(self) -> datetime:
        """Return the time, as the machine has it."""
        return self._beginning + timedelta(milliseconds=int(asyncio.get_running_loop().time() * 1000))

    def monotonic(self) -> float:
        """Return the loop's seconds, but for those that the machine slept."""
        return asyncio.get_running_loop().time() - self.slept_s

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)


class Machine:
    """A process on a machine of its own. The `mortal` ones are ours; Stripe and its customers do not die."""

    def __init__(self, name: str, skew_s: float = 0.0, *, mortal: bool = True) -> None:
        """Begin alive."""
        self.name, self.mortal = name, mortal
        self.clock = MachineClock(skew_s)
        self.is_dead = False
        self.frozen_until = 0.0

    def run(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Begin a task of this process. All that it begins is this process's, too."""
        context = copy_context()
        context.run(_running.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)


_running: ContextVar[Machine] = ContextVar("_running")


def running() -> Machine:
    """Return the machine that runs."""
    return _running.get()
