"""The stubs' control doors, for the demo and for tests: what they saw, and what they shall do wrong."""

from typing import Any, TypeVar

import httpx2
import msgspec

from infra.local.errors import PartError
from infra.local.llm.exchange import Record
from infra.local.mail.letters import Letter
from infra.local.stripe.webhooks import Delivery

T = TypeVar("T")


class Door:
    """Plain HTTP, a connection a call."""

    def __init__(self, url: str) -> None:
        # Not through a proxy, whatever the environment says: the stub is on this machine.
        self._client = httpx2.Client(base_url=url, headers={"Connection": "close"}, timeout=10, trust_env=False)

    def _call(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """The answer; `PartError` if there is none or it is an error."""
        try:
            answer = self._client.request(method, path, **more)
        except httpx2.TransportError as error:
            raise PartError(f"{method} {self._client.base_url}{path} got no answer: {error}") from error
        if answer.is_error:
            raise PartError(f"{method} {answer.url} was answered {answer.status_code}: {answer.text[:200]}")
        return answer

    def clear_faults(self) -> None:
        """Ask for no more faults."""
        self._call("DELETE", "/faults")

    def _get(self, path: str, kind: type[T], **wanted: str) -> T:
        return msgspec.json.decode(self._call("GET", path, params=wanted).content, type=kind)

    def _post(self, path: str, wanted: object) -> None:
        self._call("POST", path, json=wanted)


class LlmDoor(Door):
    """The LLM stub."""

    def requests(self, **wanted: str) -> list[Record]:
        """Every request so far, of this `order`, `product` and `section` if given."""
        return self._get("/requests", list[Record], **wanted)

    def add_faults(self, *faults: dict[str, Any]) -> None:
        """Ask for faults: the fields of `infra.local.llm.server.LlmFault`."""
        self._post("/faults", faults)

    def set_latency(self, seconds: float) -> None:
        """How long each answer takes from now on."""
        self._post("/latency", seconds)

    def set_limits(self, *, requests_per_minute: int, tokens_per_minute: int) -> None:
        """New limits, with full buckets."""
        self._post("/limits", [requests_per_minute, tokens_per_minute])


class InboxDoor(Door):
    """The mail server's inbox."""

    def letters(self, **wanted: str) -> list[Letter]:
        """Every letter so far, the oldest first; `to` only those to this address."""
        return self._get("/messages", list[Letter], **wanted)

    def add_fault(self, **fault: Any) -> None:
        """Ask for a fault: the fields of `infra.local.mail.server.MailFault`."""
        self._post("/faults", [fault])


class StripeDoor(Door):
    """The Stripe stub, as a customer's browser and as an onlooker see it."""

    def pay(self, session: str, email: str = "") -> str:
        """Press the Pay button. Returns where the browser is sent."""
        return str(self._call("POST", f"/pay/{session}", data={"email": email}).headers.get("location", ""))

    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver an event."""
        return self._get("/deliveries", list[Delivery])

    def deliver_again(self, event: str, copies: int = 1) -> None:
        """Deliver an event again, so many times at once."""
        self._post("/deliveries", [event, copies])
