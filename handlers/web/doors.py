"""Doors: how often, and how many at once, strangers may have a kind of request answered by one process."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from math import ceil

from cachetools import LRUCache
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.logs import log

#: Addresses that are remembered at once, some 200 bytes each. The longest unseen is forgotten first.
_ADDRESSES = 10_000
#: Of an IPv6 address, the part that one customer of a provider has; the rest changes at will.
_OWN_BITS = 64
#: The longest wait for others to be answered. Then the answer is 503, as for a server that does not answer.
_WAIT_S = 2.0
#: A flood is one line of the log a minute.
_TELL_EVERY_S = 60.0


class Pace:
    """Token bucket: `burst` at once, and one more every `every_s` seconds."""

    def __init__(self, burst: int, every_s: float, remembered: int = 1) -> None:
        """Count by key, for so many keys."""
        self._tolerance_s, self._every_s = (burst - 1) * every_s, every_s
        # When the bucket of a key is full again: all that has to be known of it.
        self._full_at: MutableMapping[str, float] = LRUCache(remembered)

    def take(self, now: float, key: str = "") -> float:
        """Take a token, and return 0. Without one, return the seconds until there is."""
        full_at = max(self._full_at.get(key, now), now)
        if (wait_s := full_at - now - self._tolerance_s) > 0:
            return wait_s
        self._full_at[key] = full_at + self._every_s
        return 0.0


class Door:
    """Bounds of the routes behind it: by address (429), of all addresses, and at once (503)."""

    def __init__(self, name: str, *, each: tuple[int, float], every: tuple[int, float], at_once: int) -> None:
        """Take the bursts and paces, `(burst, every_s)`, of each address and of all together."""
        self._name = name
        self._of_each, self._of_all = Pace(*each, remembered=_ADDRESSES), Pace(*every)
        self._room = asyncio.Semaphore(at_once)
        self._silent_until = 0.0

    @asynccontextmanager
    async def passed(self, scope: Scope) -> AsyncIterator[None]:
        """Let a request in for the length of a `with` block. HTTPException 429 or 503, with Retry-After, if not.

        TimeoutError, which is a 503 as well, after two seconds of waiting for others to be answered.
        """
        now = asyncio.get_running_loop().time()
        for pace, key, status in ((self._of_each, _address(scope), 429), (self._of_all, "", 503)):
            if wait_s := pace.take(now, key):
                self._tell(scope, status, now)
                said = "These are too many requests. Please try again later.\n"
                raise HTTPException(status, said, headers={"Retry-After": str(ceil(wait_s))})
        await asyncio.wait_for(self._room.acquire(), _WAIT_S)
        try:
            yield
        finally:
            self._room.release()

    def _tell(self, scope: Scope, status: int, now: float) -> None:
        """Log a refusal. `forwarded`: a balancer that is not among TRUSTED_PROXIES is taken for a customer."""
        if now >= self._silent_until:
            self._silent_until = now + _TELL_EVERY_S
            log.warning("requests_refused", door=self._name, status=status, forwarded=_is_forwarded(scope))


class Doorway:
    """Middleware of a route: its requests pass a door."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        """Lead to `app`."""
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, if it may pass."""
        async with self._door.passed(scope):
            await self._app(scope, receive, send)


def _is_forwarded(scope: Scope) -> bool:
    """Return whether a request was forwarded first for another address than the one that it is counted for."""
    taken_for = scope["client"][0].encode() if scope.get("client") else b""
    origins = (value.split(b",")[0].strip() for name, value in scope["headers"] if name == b"x-forwarded-for")
    return any(origin != taken_for for origin in origins)


def _address(scope: Scope) -> str:
    """Return whose request it is: an IPv4 address, or the network of an IPv6 one."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket, or a proxy's own name for a client
        return str(host)[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), _OWN_BITS), strict=False))
