"""Events and their delivery: signed anew at each attempt, repeated until the other side takes them."""

import asyncio
import copy
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from typing import Any

import httpx2

from infra.local.stripe_stub.deliveries import Delivery
from infra.local.stripe_stub.forms import Json
from infra.local.stripe_stub.ids import new_id

API_VERSION = "2026-10-28.endive"

_ATTEMPTS = 40
_FIRST_WAIT_S = 0.1
# With 40 attempts this outlasts an outage of about two minutes; Stripe itself goes on for three days.
_LONGEST_WAIT_S = 3.0
_ANSWER_WITHIN_S = 10.0


def new_event(kind: str, about: Json) -> Json:
    """An event about an object as it is now."""
    return {
        "id": new_id("evt_1"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": copy.deepcopy(about)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def sign(secret: str, body: bytes, at: int) -> str:
    """The value of the `Stripe-Signature` header."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Webhooks:
    """One endpoint, and every attempt to reach it. To be used inside `async with`."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._running: set[asyncio.Task[None]] = set()
        self.deliveries: list[Delivery] = []

    async def __aenter__(self) -> "Webhooks":
        # Not through a proxy, whatever the environment says: the endpoint is on this machine.
        self._client = httpx2.AsyncClient(timeout=_ANSWER_WITHIN_S, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    def send(self, event: Json, copies: int = 1) -> None:
        """Deliver an event in the background, each copy on its own until it is accepted."""
        for _ in range(copies):
            self._spawn(self._deliver(event))

    async def _deliver(self, event: Json) -> None:
        body = json.dumps(event, indent=2).encode()
        wait_s = _FIRST_WAIT_S
        for attempt in range(1, _ATTEMPTS + 1):
            delivery = Delivery(event["id"], event["type"], attempt, time.time())
            await self._attempt(delivery, body)
            self.deliveries.append(delivery)
            if delivery.accepted:
                event["pending_webhooks"] = 0
                return
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    async def _attempt(self, delivery: Delivery, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(self._secret, body, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            response = await self._client.post(self._url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            delivery.error = f"{type(error).__name__}: {error}"
        else:
            delivery.status, delivery.answer = response.status_code, response.text[:500]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
