"""Deliveries of events: signed anew at each attempt, repeated until the other side takes them."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx2
import msgspec

from infra.local.stripe.wire import Json

# With pauses from 0.1 to 3 s, 40 retries outlast an outage of about two minutes; Stripe itself goes on for days.
_WAITS_S = [min(0.1 * 2**attempt, 3.0) for attempt in range(40)]


class Delivery(msgspec.Struct):
    """One attempt. `status` is None where no answer came, and `error` says why. `at` is Unix time."""

    event: str
    at: float
    status: int | None = None
    error: str | None = None


class Webhooks:
    """Endpoints that share a secret, and every attempt to reach one."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.attempts: list[Delivery] = []

    @asynccontextmanager
    async def run(self, _app: object) -> AsyncIterator[None]:
        """Deliver while inside."""
        # Not through a proxy, whatever the environment says: the endpoints are on this machine.
        # Each delivery has a connection of its own, as if it came from another of Stripe's machines.
        alone = httpx2.Limits(max_keepalive_connections=0)
        async with (
            httpx2.AsyncClient(timeout=10, trust_env=False, limits=alone) as self._client,
            anyio.create_task_group() as self._tasks,
        ):
            yield
            self._tasks.cancel_scope.cancel()

    def send(self, *events: tuple[str, Json]) -> None:
        """Deliver events, each with its URL, in the background until they are accepted.

        Each comes once the one before has been tried.
        """
        self._tasks.start_soon(self._deliver, events)

    async def _deliver(self, events: tuple[tuple[str, Json], ...]) -> None:
        for url, event in events:
            if not await self._try(url, event):
                self._tasks.start_soon(self._repeat, url, event)

    async def _repeat(self, url: str, event: Json) -> None:
        for wait_s in _WAITS_S:
            await anyio.sleep(wait_s)
            if await self._try(url, event):
                return

    async def _try(self, url: str, event: Json) -> bool:
        """Make one attempt, and record it. Return whether it was accepted."""
        body = json.dumps(event, indent=2).encode()
        delivery = Delivery(event["id"], time.time())
        try:
            answer = await self._client.post(url, content=body, headers=self._headers(body))
            delivery.status = answer.status_code
        except httpx2.HTTPError as error:
            delivery.error = f"{type(error).__name__}: {error}"
        self.attempts.append(delivery)
        accepted = delivery.status in range(200, 300)
        if accepted:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        return accepted

    def _headers(self, body: bytes) -> dict[str, str]:
        now = int(time.time())
        mac = hmac.new(self._secret.encode(), f"{now}.".encode() + body, hashlib.sha256)
        return {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={mac.hexdigest()}"}
