"""Which count holds: the shared one, or this worker's part of it while Redis is away."""

import asyncio

import structlog

from infra.clock import Clock
from infra.llm.limiter.share import Share
from infra.llm.limiter.shared import SharedCount, SharedCountIsAway
from infra.llm.limiter.terms import Outcome, Reservation, Wait

log = structlog.get_logger()


class Counts:
    """Gives and settles reservations whether Redis answers or not; none of it ever fails."""

    def __init__(self, shared: SharedCount, clock: Clock) -> None:
        """Begin with the shared count."""
        #: Whether this worker counts for itself.
        self.alone = asyncio.Event()
        self._shared = shared
        self._clock = clock
        self._share: Share | None = None

    async def reserve(self, tokens: int) -> Reservation | Wait:
        """Give room for one call, or say how long there is none."""
        if self._share is None:
            try:
                return await self._shared.reserve(tokens)
            except SharedCountIsAway as error:
                self._go_alone(error)
        return self._own().reserve(tokens)

    async def settle(self, reservation: Reservation, outcome: Outcome) -> None:
        """Take the call's place back. A second time, or after the lease, nothing happens."""
        if not reservation.shared:
            if self._share is not None:
                self._share.settle(reservation, outcome)
        elif self._share is None:
            try:
                await self._shared.settle(reservation, outcome)
            except SharedCountIsAway as error:
                self._go_alone(error)  # the lease lapses by itself

    async def nap(self, seconds: float) -> None:
        """Return after that long, or earlier when there is reason to ask again."""
        if self._share is None:
            try:
                await self._shared.nap(seconds)
            except SharedCountIsAway as error:
                self._go_alone(error)
        else:
            await self._share.nap(seconds)

    async def leave_line(self) -> None:
        """Let other workers move up."""
        if self._share is None:
            try:
                await self._shared.leave_line()
            except SharedCountIsAway as error:
                self._go_alone(error)

    async def beat(self) -> None:
        """Be counted among the workers, and go back to the shared count when Redis is there again."""
        try:
            await self._shared.beat()
        except SharedCountIsAway as error:
            self._go_alone(error)
        else:
            if self._share is not None:
                log.info("limits_shared_again")
            self._share = None
            self.alone.clear()

    async def close(self) -> None:
        """Leave, and close every connection."""
        await self._shared.close()

    def _own(self) -> Share:
        if self._share is None:
            self._share = Share(self._clock, self._shared.limits, self._shared.bound, self._shared.workers)
            self.alone.set()
        return self._share

    def _go_alone(self, error: SharedCountIsAway) -> None:
        if self._share is None:
            log.warning("limits_not_shared", error=str(error), part=f"1/{self._own().parts}")
