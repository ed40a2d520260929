"""Group commit: what several callers ask for at once is done in one go."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


#: How long a round under load waits for those whom the last one answered: they are back within a few
#: milliseconds, and a round of all costs little more than one of the first (as PostgreSQL's commit_delay does).
_LINGER_S = 0.012


class Rounds(Generic[Item, Result]):
    """Runs `work` on whatever has come since the last round began, one round at a time.

    A lone caller waits for nobody; under load a round carries as many as came during the one before. Whoever is
    cancelled leaves the others' round alone.
    """

    def __init__(self, work: Callable[[list[Item]], Awaitable[Result]], *, most: int) -> None:
        """`most` bounds the items of a round."""
        self._work = work
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._expected = 1
        self._all_here = asyncio.Event()

    async def join(self, item: Item) -> Result:
        """Have the item done with the next round; return or raise what that round does."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if len(self._waiting) >= self._expected:
            self._all_here.set()
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                count = min(self._most, len(self._waiting))
                await self._round([self._waiting.popleft() for _ in range(count)])
                if count > 1:
                    await self._linger(count)
        finally:
            self._running, self._expected = None, 1

    async def _linger(self, expected: int) -> None:
        self._expected = expected
        if len(self._waiting) < expected:
            self._all_here.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_here.wait(), _LINGER_S)

    async def _round(self, asked: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        live = [(item, answer) for item, answer in asked if not answer.done()]
        if not live:
            return
        try:
            result = await self._work([item for item, _ in live])
        except Exception as error:  # noqa: BLE001  # it is the callers', each of whom raises it
            for answer in _unanswered(live):
                answer.set_exception(error)
        else:
            for answer in _unanswered(live):
                answer.set_result(result)


def _unanswered(asked: list[tuple[Item, asyncio.Future[Result]]]) -> list[asyncio.Future[Result]]:
    return [answer for _, answer in asked if not answer.done()]
