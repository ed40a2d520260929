"""The limiter: a line in which every call waits until the provider's limits have room for it."""

import asyncio
import contextlib
import contextvars
import heapq
import itertools
from typing import NamedTuple

from infra.llm.limiter.fallback import CountWithFallback
from infra.llm.limiter.shared import SharedCount
from infra.llm.limiter.types import Outcome, Reservation, Terms, Wait

#: How often a worker says that it lives; one that is silent for three times as long is not counted.
_BEAT_S = 10.0
#: How often it looks for Redis while that is away.
_LOOK_S = 1.0


class _Waiter(NamedTuple):
    # The higher priority first, then the earlier call: no two have the same place.
    place: tuple[int, int]
    tokens: int
    turn: asyncio.Future[Reservation]


class Limiter:
    """Holds requests and tokens a minute, and calls in the air, over all workers of an installation.

    With Redis away each worker goes on with its part of the limits: no call stands still, no limit is exceeded.
    A waiting call costs memory only: one task asks for all calls of this process, and only for the first.
    """

    def __init__(self, redis_url: str, name: str, terms: Terms) -> None:
        """Connect lazily. Workers that count under the same `name` share the limits."""
        self._count = CountWithFallback(SharedCount(redis_url, name, terms))
        self._waiters: list[_Waiter] = []
        self._numbers = itertools.count()
        self._server: asyncio.Task[None] | None = None
        self._pause: asyncio.Task[None] | None = None

    async def wait_for_room(self, tokens: int, *, priority: int = 0) -> Reservation:
        """Return when a call that takes so many tokens may be made.

        The higher priority goes first, then the earlier call. Waits without limit; a cancelled caller holds
        nothing.
        """
        turn: asyncio.Future[Reservation] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, _Waiter((-priority, next(self._numbers)), tokens, turn))
        if self._server is None or self._server.done():
            # In a context of its own: it serves all calls, and must not log in the name of the first.
            self._server = asyncio.create_task(self._serve(), context=contextvars.Context())
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                await self.settle(turn.result(), Outcome("unsent"))
            elif self._pause is not None and not self._anybody():
                self._pause.cancel()
            raise

    async def settle(self, reservation: Reservation, outcome: Outcome) -> None:
        """Record the outcome of a call. A second time, or after the lease, nothing happens; it never fails."""
        await self._count.settle(reservation, outcome)

    async def beat_for_ever(self) -> None:
        """Keep this worker counted, and find Redis again when it was away."""
        while True:
            await self._count.beat()
            if self._count.alone.is_set():
                await asyncio.sleep(_LOOK_S)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._count.alone.wait(), _BEAT_S)

    async def close(self) -> None:
        """Leave the line and the count, and close every connection."""
        if self._server is not None:
            self._server.cancel()
            await asyncio.wait({self._server})
        await self._count.close()

    def _anybody(self) -> bool:
        while self._waiters and self._waiters[0].turn.done():
            heapq.heappop(self._waiters)
        return bool(self._waiters)

    async def _serve(self) -> None:
        while self._anybody():
            refused = await self._serve_first()
            if refused and not self._anybody():
                await self._count.leave_line()

    async def _serve_first(self) -> bool:
        """Ask for the first in line; True if it has to wait on."""
        waiter = heapq.heappop(self._waiters)
        try:
            found = await self._count.reserve(waiter.tokens)
        except Exception as error:  # noqa: BLE001  # the caller must hear of it, and the others go on
            if not waiter.turn.done():
                waiter.turn.set_exception(error)
            return False
        if isinstance(found, Wait):
            heapq.heappush(self._waiters, waiter)
            await self._wait(found.seconds)
            return True
        if waiter.turn.done():
            await self.settle(found, Outcome("unsent"))
        else:
            waiter.turn.set_result(found)
        return False

    async def _wait(self, seconds: float) -> None:
        self._pause = asyncio.create_task(self._count.wait(seconds))
        try:
            await asyncio.wait({self._pause})
        finally:
            self._pause.cancel()
            self._pause = None
