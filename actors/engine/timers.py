"""Things to do a little later in this process; if it dies, the sweep does them."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from infra.errors import TransientError

log = structlog.get_logger()


class Timers:
    """Pending calls on the running event loop."""

    def __init__(self) -> None:
        """Start with none."""
        self._tasks: set[asyncio.Task[None]] = set()

    def after(self, seconds: float, call: Callable[[], Awaitable[object]]) -> None:
        """Await `call()` that much later."""
        task = asyncio.create_task(self._run(seconds, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, seconds: float, call: Callable[[], Awaitable[object]]) -> None:
        await asyncio.sleep(seconds)
        try:
            await call()
        except TransientError as error:
            log.warning("timer_left_to_sweep", error=str(error))
