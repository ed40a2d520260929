"""The shared count of all workers: in Redis, by scripts that use Redis's own clock."""

import asyncio
import contextlib
import contextvars
import time
import uuid
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from infra.errors import TransientError
from infra.llm.limiter.types import LONGEST_PAUSE_S, Counted, Limits, Outcome, Reservation, Terms, Wait

#: A script takes less than a millisecond; a Redis that needs a thousand times as long is away.
_ANSWERS_WITHIN_S = 1.0
#: How long a worker waits for its bell before it asks by itself. Less than half of WAITER_FOR in `common.lua`.
_WAIT_S = 1.0
#: The part of a lease after which it is renewed: a loop that is slow has time.
_RENEWED_AFTER = 1 / 6
_OUTCOMES = {"answered": 1, "refused": -1, "failed": 0, "unsent": 2, "shut": -2}
_FOLDER = Path(__file__).parent


class SharedCountIsAway(TransientError):
    """Redis did not answer in time."""


class SharedCount:
    """Gives and settles reservations."""

    def __init__(self, url: str, name: str, terms: Terms) -> None:
        """Connect lazily. `name` is the model: a provider counts each by itself."""
        # Each call has its own deadline, and the wait for the bell may take longer than any socket should.
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=_ANSWERS_WITHIN_S, retry=Retry(NoBackoff(), 0)
        )
        self._terms = terms
        self._worker = uuid.uuid4().hex
        base = f"pressroom:llm:{name}"
        self._keys = [base, f"{base}:calls", f"{base}:workers", f"{base}:line"]
        self._bell = f"{base}:bell:{self._worker}"
        common = (_FOLDER / "common.lua").read_bytes()
        self._scripts = {
            name: self._redis.register_script(common + (_FOLDER / f"{name}.lua").read_bytes())
            for name in ("reserve", "settle", "renew", "leave", "look")
        }
        #: The calls of this worker that are in the air, by when they are at the latest not counted any more.
        self._in_the_air: dict[str, float] = {}
        self._renewal: asyncio.Task[None] | None = None
        self._wakeup: asyncio.Task[object] | None = None

    async def reserve(self, tokens: int) -> Reservation | Wait:
        """Take room for one call, or say when to ask again; SharedCountIsAway without Redis."""
        call, terms = uuid.uuid4().hex, self._terms
        args = [call, tokens, self._worker, *terms.limits, round(terms.lease_s * 1000), terms.ceiling]
        wait, now, *marks = await self._run("reserve", *args)
        if wait:
            return Wait(wait / 1000)
        self._keep(call)
        return Reservation(call, tokens, now, Limits(*marks))

    async def settle(self, reservation: Reservation, outcome: Outcome) -> None:
        """Give the call's place back and count its outcome; SharedCountIsAway without Redis.

        A reservation that was settled before, or has lapsed, changes nothing.
        """
        self._in_the_air.pop(reservation.id, None)
        headers, given = outcome.headers, (reservation.tokens, reservation.at, *reservation.marks)
        known = [-1 if number is None else number for number in (outcome.used, *headers.requests, *headers.tokens)]
        pause = round(min(headers.pause_s or 0, LONGEST_PAUSE_S) * 1000)
        terms = (*self._terms.limits, self._terms.ceiling)
        await self._run("settle", reservation.id, _OUTCOMES[outcome.kind], *terms, *given, *known, pause)

    async def look(self) -> Counted:
        """Return what is counted at this moment; SharedCountIsAway without Redis."""
        requests, tokens, *rest = await self._run("look", *self._terms.limits, self._terms.ceiling)
        given_requests, given_tokens, in_the_air, most, in_line, pause_ms, shut = rest
        limits, given = Limits(requests, tokens), Limits(given_requests, given_tokens)
        return Counted(limits, given, in_the_air, most, in_line, pause_ms / 1000, is_shut=bool(shut))

    async def wait(self, seconds: float) -> None:
        """Return after that long, about 1 s at most, or when there is reason to ask again."""
        wakeup = self._next_wakeup()
        await asyncio.wait({wakeup}, timeout=seconds)
        if wakeup.done():
            self._wakeup = None
            wakeup.result()

    async def leave_line(self) -> None:
        """Let those behind this worker move up: none of its calls waits any more."""
        await self._run("leave", self._worker, 0)

    async def close(self) -> None:
        """Leave, and close every connection."""
        for task in (self._wakeup, self._renewal):
            if task is not None:
                task.cancel()
        with contextlib.suppress(SharedCountIsAway):  # forgotten by itself after a while
            await self._run("leave", self._worker, 1)
        with contextlib.suppress(redis.RedisError):
            await self._redis.aclose()

    def _keep(self, call: str) -> None:
        """Have a call counted until it is settled, for as long as this worker lives."""
        self._in_the_air[call] = time.monotonic() + self._terms.longest_s
        if self._renewal is None or self._renewal.done():
            # In a context of its own: it serves all calls.
            self._renewal = asyncio.create_task(self._renew(), context=contextvars.Context())

    async def _renew(self) -> None:
        lease_s = self._terms.lease_s
        while self._in_the_air:
            await asyncio.sleep(lease_s * _RENEWED_AFTER)
            # What nobody has settled by then was forgotten.
            now = time.monotonic()
            self._in_the_air = {call: until for call, until in self._in_the_air.items() if until > now + lease_s}
            with contextlib.suppress(SharedCountIsAway):
                await self._run("renew", round(lease_s * 1000), *self._in_the_air)

    def _next_wakeup(self) -> asyncio.Task[object]:
        # Kept beyond a wait that ends by itself: Redis ends a blocked command up to 0.1 s late, and cancelling one
        # costs its connection.
        if self._wakeup is None or (self._wakeup.done() and self._wakeup.exception() is not None):
            heard = self._redis.blpop([self._bell], timeout=_WAIT_S)
            self._wakeup = asyncio.ensure_future(self._asked(heard, _WAIT_S + _ANSWERS_WITHIN_S))
            self._wakeup.add_done_callback(lambda wakeup: wakeup.cancelled() or wakeup.exception())
        return self._wakeup

    async def _run(self, script: str, *args: Any) -> Any:
        return await self._asked(self._scripts[script](self._keys, args))

    async def _asked(self, answer: Awaitable[Any], within_s: float = _ANSWERS_WITHIN_S) -> Any:
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except (redis.RedisError, OSError, TimeoutError) as error:
            # A primary that became a replica keeps its connections, and refuses all that is written through them.
            with contextlib.suppress(redis.RedisError):  # by TLS the end of one waits for a server that hangs
                await self._redis.connection_pool.disconnect(inuse_connections=False)
            raise SharedCountIsAway(f"Redis does not count calls: {type(error).__name__}.") from error
