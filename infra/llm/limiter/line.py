"""The line of one process: its calls wait for room in order, and only the first of them is asked for."""

import asyncio
import contextvars
import heapq
import itertools
from dataclasses import dataclass, field

from infra.llm.limiter.counts import Counts
from infra.llm.limiter.terms import Outcome, Reservation, Wait


@dataclass(order=True)
class _Waiter:
    # The higher priority first, then who came first.
    place: tuple[int, int]
    tokens: int = field(compare=False)
    turn: asyncio.Future[Reservation] = field(compare=False)


class Line:
    """Whoever waits here costs nothing but memory: one task asks for all."""

    def __init__(self, counts: Counts) -> None:
        """Nobody waits."""
        self._counts = counts
        self._waiters: list[_Waiter] = []
        self._numbers = itertools.count()
        self._server: asyncio.Task[None] | None = None
        self._nap: asyncio.Task[None] | None = None

    async def wait(self, tokens: int, priority: int) -> Reservation:
        """Return room for a call when it is its turn. Who is cancelled leaves the line, and holds nothing."""
        turn: asyncio.Future[Reservation] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, _Waiter((-priority, next(self._numbers)), tokens, turn))
        if self._server is None or self._server.done():
            # In a context of its own: it serves everybody, and must not log in the name of who came first.
            self._server = asyncio.create_task(self._serve(), context=contextvars.Context())
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                await self._give_back(turn.result())
            elif self._nap is not None and not self._anybody():
                self._nap.cancel()
            raise

    async def close(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.cancel()
            await asyncio.wait({self._server})

    def _anybody(self) -> bool:
        while self._waiters and self._waiters[0].turn.done():
            heapq.heappop(self._waiters)
        return bool(self._waiters)

    async def _serve(self) -> None:
        while self._anybody():
            refused = await self._serve_first()
            if refused and not self._anybody():
                await self._counts.leave_line()

    async def _serve_first(self) -> bool:
        """Ask for the first in line; True if it has to wait on."""
        waiter = heapq.heappop(self._waiters)
        try:
            found = await self._counts.reserve(waiter.tokens)
        except Exception as error:  # noqa: BLE001  # whoever asked must hear of it, and the others go on
            if not waiter.turn.done():
                waiter.turn.set_exception(error)
            return False
        if isinstance(found, Wait):
            heapq.heappush(self._waiters, waiter)
            await self._rest(found.seconds)
            return True
        if waiter.turn.done():
            await self._give_back(found)
        else:
            waiter.turn.set_result(found)
        return False

    async def _rest(self, seconds: float) -> None:
        self._nap = asyncio.create_task(self._counts.nap(seconds))
        try:
            await asyncio.wait({self._nap})
        finally:
            self._nap.cancel()
            self._nap = None

    async def _give_back(self, reservation: Reservation) -> None:
        await self._counts.settle(reservation, Outcome("unsent"))
