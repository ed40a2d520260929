"""Local limiter for one worker while Redis is away: an equal share of the last shared limits."""

import math
import uuid

from infra.clock import Clock
from infra.llm.limiter.types import LONGEST_PAUSE_S, STEADY, Limits, Outcome, Reservation, Wait

#: How many workers there are if Redis has never said it: more than most installations have.
_UNKNOWN_WORKERS = 8
#: Until a call of this process may have ended, and for how long it sleeps at most.
_FULL_S, _WAIT_S = 0.1, 1.0


class LocalCount:
    """Gives and settles reservations in this process alone. It starts empty, as the shared count does.

    No tokens are given back, and of the provider's words only 429s and pauses are obeyed: it is not for long.
    """

    def __init__(self, clock: Clock, limits: Limits, bound: int, workers: int | None) -> None:
        """Take a part of the limits that Redis allowed last, among the workers that it knew of."""
        self.parts = workers or _UNKNOWN_WORKERS
        self._clock = clock
        self._buckets = [_Bucket(limit, limit / self.parts) for limit in limits]
        self._bound = max(1.0, bound / self.parts)
        self._at = self._closed_until = clock.monotonic()
        self._in_the_air: set[str] = set()

    async def reserve(self, tokens: int) -> Reservation | Wait:
        """Take room for one call, or say when to ask again."""
        now = self._clock.monotonic()
        wanted = list(zip(self._buckets, (1, tokens), strict=True))
        waits = [bucket.refill(now - self._at, amount) for bucket, amount in wanted]
        self._at = now
        full_s = _FULL_S if len(self._in_the_air) >= int(self._bound) else 0.0
        if wait_s := max(*waits, self._closed_until - now, full_s):
            return Wait(wait_s)
        for bucket, amount in wanted:
            bucket.take(amount)
        call = uuid.uuid4().hex
        self._in_the_air.add(call)
        return Reservation(call, tokens, round(now * 1000), shared=False)

    async def settle(self, reservation: Reservation, outcome: Outcome) -> None:
        """Give the call's place back; a 429 halves the calls allowed in the air, answers let them grow."""
        if reservation.id not in self._in_the_air:
            return
        if outcome.kind == "refused":
            self._bound = max(1.0, min(self._bound, len(self._in_the_air)) // 2)
        elif outcome.kind == "answered":
            self._bound += 1 / self._bound
        pause_s = min(outcome.headers.pause_s or 0, LONGEST_PAUSE_S)
        self._closed_until = max(self._closed_until, self._clock.monotonic() + pause_s)
        self._in_the_air.discard(reservation.id)

    async def wait(self, seconds: float) -> None:
        """Return after that long, 1 s at most."""
        await self._clock.sleep(min(seconds, _WAIT_S))

    async def leave_line(self) -> None:
        """Do nothing: no other worker waits behind this one."""


class _Bucket:
    """Refills with `rate` a minute; an amount above the whole `limit` waits for the limit, not for ever."""

    def __init__(self, limit: float, rate: float) -> None:
        self._limit, self._rate, self._level = limit, rate, 0.0

    def refill(self, seconds: float, amount: int) -> float:
        """Return the seconds until it holds that amount."""
        size = max(self._rate * (1 - STEADY), min(amount, self._limit), self._level)
        self._level = min(size, self._level + seconds * self._rate * STEADY / 60)
        wait_s = max(0.0, (min(amount, self._limit) - self._level) * 60 / (self._rate * STEADY))
        return math.ceil(wait_s * 1000 - 1e-6) / 1000  # as in Redis: a wait of nanoseconds would never end

    def take(self, amount: int) -> None:
        self._level = max(0.0, self._level - min(amount, self._limit))
