"""Group commit: the requests of several concurrent callers are done in one round."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from infra.errors import TransientError

Item = TypeVar("Item")
Result = TypeVar("Result")
Asked = tuple[Item, asyncio.Future[Result]]


class GroupCommit(Generic[Item, Result]):
    """Runs `work` on all items that came since the last round began, one round at a time.

    A lone caller does not wait for others. Under load a round carries the items that came during the one before.
    A cancelled caller leaves the round of the others alone. A round that fails for good is done again item by
    item, so that one item's fault fails no other: `work` must bear being repeated.
    """

    def __init__(
        self, work: Callable[[list[Item]], Awaitable[Sequence[Result]]], *, most: int, linger_s: float = 0.0
    ) -> None:
        """Take `work`, which returns one result for each item, in order. `most` bounds the items of a round.

        Under load a round waits up to `linger_s` for the callers that the last one answered, since they may be
        back with more (as PostgreSQL's commit_delay does).
        """
        self._work = work
        self._most = most
        self._linger_s = linger_s
        self._waiting: deque[Asked[Item, Result]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._expected = 1
        self._all_here = asyncio.Event()

    async def join(self, item: Item) -> Result:
        """Add the item to the next round. Returns or raises that round's outcome for it."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if len(self._waiting) >= self._expected:
            self._all_here.set()
        if self._running is None:
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._end_unbegun)
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                count = min(self._most, len(self._waiting))
                await self._round([self._waiting.popleft() for _ in range(count)])
                if count > 1 and self._linger_s:
                    await self._linger(count)
        finally:
            self._end()

    def _end_unbegun(self, task: asyncio.Task[None]) -> None:
        if self._running is task:  # cancelled before its first turn
            self._end()

    def _end(self) -> None:
        self._running, self._expected = None, 1
        for _, answer in self._waiting:  # cancelled rounds must leave no caller behind
            answer.cancel()
        self._waiting.clear()

    async def _linger(self, expected: int) -> None:
        self._expected = expected
        if len(self._waiting) < expected:
            self._all_here.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_here.wait(), self._linger_s)

    async def _round(self, asked: Sequence[Asked[Item, Result]]) -> None:
        live = [(item, answer) for item, answer in asked if not answer.done()]
        try:
            results = await self._work([item for item, _ in live]) if live else []
        except asyncio.CancelledError:
            for _, answer in live:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001  # each of the callers raises it
            await self._fail(live, error)
        else:
            for (_, answer), result in zip(live, results, strict=True):
                if not answer.done():
                    answer.set_result(result)

    async def _fail(self, asked: Sequence[Asked[Item, Result]], error: Exception) -> None:
        if len(asked) > 1 and not isinstance(error, TransientError):
            for one in asked:
                await self._round([one])
            return
        for _, answer in asked:
            if not answer.done():
                answer.set_exception(error)
