"""The limiter: a line in which every call waits until the provider's limits have room for it."""

import asyncio
import contextvars
import heapq
import itertools
from typing import NamedTuple

from infra.llm.limiter.shared import SharedCount, SharedCountIsAway
from infra.llm.limiter.types import Outcome, Reservation, Terms, Wait
from infra.logs import log

#: The time from one look for Redis to the next, while it is away.
_LOOK_S = 1.0


class _Waiter(NamedTuple):
    # The higher priority first, then the earlier call: no two have the same place.
    place: tuple[int, int]
    tokens: int
    turn: asyncio.Future[Reservation]


class Limiter:
    """Holds requests and tokens a minute, and calls in the air, over all workers of an installation.

    With Redis away calls wait until it is back. Nothing begins without it anyway, since it has the messages, too.
    A waiting call costs memory only: one task asks for all calls of this process, and only for the first.
    """

    def __init__(self, redis_url: str, name: str, terms: Terms) -> None:
        """Connect lazily. Workers that count under the same `name` share the limits."""
        self._count = SharedCount(redis_url, name, terms)
        self._waiters: list[_Waiter] = []
        self._numbers = itertools.count()
        self._server: asyncio.Task[None] | None = None
        self._pause: asyncio.Task[None] | None = None
        self._redis_is_away = False

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
        try:
            await self._count.settle(reservation, outcome)
        except SharedCountIsAway as error:
            log.warning("call_lapses_by_itself", error=str(error))

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
            try:
                refused = await self._serve_first()
                if refused and not self._anybody():
                    await self._count.leave_line()
                self._redis_is_away = False
            except SharedCountIsAway as error:
                if not self._redis_is_away:
                    log.warning("calls_wait_for_redis", error=str(error))
                self._redis_is_away = True
                await asyncio.sleep(_LOOK_S)

    async def _serve_first(self) -> bool:
        """Ask for the first in line; True if it has to wait on."""
        waiter = heapq.heappop(self._waiters)
        try:
            found = await self._count.reserve(waiter.tokens)
        except SharedCountIsAway:
            heapq.heappush(self._waiters, waiter)
            raise
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
        pause = self._pause = asyncio.create_task(self._count.wait(seconds))
        try:
            await asyncio.wait({pause})
        finally:
            pause.cancel()
            self._pause = None
        if not pause.cancelled():
            pause.result()
