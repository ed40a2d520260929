"""An event loop whose time moves only when nothing can run, and that asks then how it goes on."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any, Protocol

#: A thread's work: a function and its arguments.
Blocking = Callable[..., Any]


class Guide(Protocol):
    """Decides about a loop in which nothing can run."""

    def go_on(self, next_timer: float | None) -> float:
        """Wake something, or not, and return the time at which the loop goes on. `next_timer` is when it would."""

    async def block(self, work: Blocking, *args: Any) -> Any:
        """Do the work that a thread would do."""


class _NoWaiting(selectors.SelectSelector):
    """Selector that never waits: nothing that is simulated comes from a socket."""

    idle: Callable[[float | None], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return at once. A positive timeout says that nothing is left to run."""
        if timeout is None or timeout > 0:
            self.idle(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Loop for one thread without real time, sockets or threads."""

    def __init__(self, guide: Guide) -> None:
        """Begin at second 0."""
        selector = _NoWaiting()
        selector.idle = self._ask
        self._seconds = 0.0
        self._guide = guide
        super().__init__(selector)
        self.set_exception_handler(lambda *_: None)

    def time(self) -> float:
        """Return the simulated seconds."""
        return self._seconds

    def run_in_executor(self, executor: Any, func: Blocking, *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Do a thread's work when its turn comes."""
        del executor
        return self.create_task(self._guide.block(func, *args))

    def _ask(self, timeout: float | None) -> None:
        timer = None if timeout is None else self._seconds + timeout
        self._seconds = max(self._seconds, self._guide.go_on(timer))
