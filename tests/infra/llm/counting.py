"""Room for calls as the shared count gives it, and the terms of most tests on it."""

import asyncio
from collections.abc import Callable

import redis

from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.shared import SharedCount
from infra.llm.limiter.types import Limits, Outcome, Reservation, Terms, Wait

MANY = 10**9
#: A hundred a second, of which 95 % is refilled steadily.
HUNDRED = Terms(Limits(requests=6_000, tokens=MANY), timeout_s=120)
REFILL_PER_MS = 0.095
ANSWERED = Outcome("answered", used=1)
REFUSED = Outcome("refused")

Open = Callable[..., Limiter]
Count = Callable[..., SharedCount]


def milliseconds(server: redis.Redis) -> int:
    """Return the time of Redis's clock."""
    seconds, microseconds = server.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def had(count: SharedCount, tokens: int = 1) -> Reservation | None:
    """Return room as soon as the rates allow it; None if calls in the air are in the way."""
    while isinstance(found := await count.reserve(tokens), Wait):
        if found.seconds > 1:
            return None
        await asyncio.sleep(found.seconds)
    return found


async def all_to_be_had(count: SharedCount) -> list[Reservation]:
    """Take room until there is no more."""
    taken = []
    while (found := await had(count)) is not None:
        taken.append(found)
    return taken
