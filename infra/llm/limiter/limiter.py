"""The limiter: every call waits here until the provider's limits have room for it."""

import asyncio
import contextlib

from infra.clock import Clock, SystemClock
from infra.llm.limiter.counts import Counts
from infra.llm.limiter.line import Line
from infra.llm.limiter.shared import SharedCount
from infra.llm.limiter.terms import Outcome, Reservation, Terms

#: How often a worker says that it lives; one that is silent for three times as long is not counted.
_BEAT_S = 10.0
#: How often it looks for Redis while that is away.
_LOOK_S = 1.0


class Limiter:
    """Holds requests and tokens a minute, and calls in the air, over all workers of an installation.

    With Redis away each worker goes on with its part of the limits: nothing stands still, nothing is exceeded.
    """

    def __init__(self, redis_url: str, name: str, terms: Terms, clock: Clock | None = None) -> None:
        """Connect lazily. Workers that count under the same `name` share the limits."""
        self._counts = Counts(SharedCount(redis_url, name, terms), clock or SystemClock())
        self._line = Line(self._counts)

    async def wait_for_room(self, tokens: int, *, priority: int = 0) -> Reservation:
        """Return when a call that takes so many tokens may be made.

        The higher priority goes first, then who came first. It waits for as long as it takes: who has no more
        patience, or is told to stop, cancels it and holds nothing.
        """
        return await self._line.wait(tokens, priority)

    async def settle(self, reservation: Reservation, outcome: Outcome) -> None:
        """Say what came of a call. A second time, or after the lease, nothing happens; it never fails."""
        await self._counts.settle(reservation, outcome)

    async def beat_for_ever(self) -> None:
        """Be counted among the workers, and find Redis again when it was away."""
        while True:
            await self._counts.beat()
            if self._counts.alone.is_set():
                await asyncio.sleep(_LOOK_S)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._counts.alone.wait(), _BEAT_S)

    async def close(self) -> None:
        """Leave the line and the count, and close every connection."""
        await self._line.close()
        await self._counts.close()
