"""The stubs' control doors, for the demo and for tests: what they saw, and what they shall do wrong."""

import http.client
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from infra.local.errors import PartError
from infra.local.llm.records import Record
from infra.local.mail.letters import Letter
from infra.local.stripe_stub.deliveries import Delivery

_TIMEOUT_S = 10.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class _Door:
    """Plain HTTP, a connection a call; `PartError` if the stub is not there or says no."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url).netloc

    def _call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[bytes, str | None]:
        """The answer's body, and where it redirects to."""
        connection = http.client.HTTPConnection(self._where, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        except OSError as error:
            raise PartError(f"{method} {self._where}{path} got no answer: {error}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise PartError(f"{method} {self._where}{path} was answered {response.status}: {answer[:200]!r}")
        return answer, response.headers["location"]

    def _post(self, path: str, wanted: object) -> None:
        self._call("POST", path, msgspec.json.encode(wanted))


class LlmDoor(_Door):
    """The LLM stub."""

    def requests(self, **wanted: str) -> list[Record]:
        """Every request so far, of this `order`, `product` and `section` if given."""
        answer, _ = self._call("GET", f"/requests?{urlencode(wanted)}")
        return msgspec.json.decode(answer, type=list[Record])

    def add_faults(self, *faults: dict[str, Any]) -> None:
        """Ask for faults: the fields of `infra.local.llm.faults.Fault`."""
        self._post("/faults", faults)

    def clear_faults(self) -> None:
        """Ask for no more faults."""
        self._call("DELETE", "/faults")

    def set_latency(self, seconds: float) -> None:
        """How long each answer takes from now on."""
        self._post("/latency", {"seconds": seconds})

    def set_limits(self, *, requests_per_minute: int, tokens_per_minute: int) -> None:
        """New limits, with full buckets."""
        limits = {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
        self._post("/limits", limits)


class InboxDoor(_Door):
    """The mail server's inbox."""

    def letters(self, **wanted: str) -> list[Letter]:
        """Every letter so far, the oldest first; `to` only those to this address."""
        answer, _ = self._call("GET", f"/messages?{urlencode(wanted)}")
        return msgspec.json.decode(answer, type=list[Letter])

    def add_fault(self, **fault: Any) -> None:
        """Ask for a fault: the fields of `infra.local.mail.faults.Fault`."""
        self._post("/faults", fault)

    def clear_faults(self) -> None:
        """Ask for no more faults."""
        self._call("DELETE", "/faults")


class StripeDoor(_Door):
    """The Stripe stub, as a customer's browser and as an onlooker see it."""

    def pay(self, session: str, email: str = "", **fields: str) -> str:
        """Press the Pay button; `fields` answer the custom fields. Returns where the browser is sent."""
        form = {"email": email, **{f"field-{key}": value for key, value in fields.items()}}
        _, location = self._call("POST", f"/pay/{session}", urlencode(form).encode(), **_FORM)
        return location or ""

    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver an event."""
        answer, _ = self._call("GET", "/deliveries")
        return msgspec.json.decode(answer, type=list[Delivery])

    def deliver_again(self, event: str, copies: int = 1) -> None:
        """Deliver an event again, so many times at once."""
        self._post("/deliveries", {"event": event, "copies": copies})
