"""The stubs' control doors, for the demo and for tests: what they saw, and what they shall do wrong."""

from typing import Any, Literal, TypeVar

import httpx2
import msgspec

from infra.local.errors import PartError
from infra.local.llm.exchange import Record
from infra.local.llm.limits import Told
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

    def add_random_faults(self, share: float, seed: int, *faults: dict[str, Any]) -> None:
        """Ask that this share of all requests meets one of these faults, each as often as the others."""
        each = share / len(faults)
        # They are drawn one after the other: who comes to the second has escaped the first.
        drawn = [{"share": each / (1 - nth * each), "seed": seed + nth} for nth in range(len(faults))]
        self.add_faults(*({**fault, **draw} for fault, draw in zip(faults, drawn, strict=True)))

    def set_latency(self, seconds: float) -> None:
        """How long each answer takes from now on."""
        self._post("/latency", seconds)

    def set_limits(self, *, requests_per_minute: int, tokens_per_minute: int) -> None:
        """New limits, with full buckets."""
        self._post("/limits", [requests_per_minute, tokens_per_minute])

    def tell_limits(self, told_as: Told) -> None:
        """How answers tell of the limits from now on."""
        self._post("/told", told_as)


class InboxDoor(Door):
    """The mail server's inbox."""

    def letters(self, **wanted: str) -> list[Letter]:
        """Every letter so far, the oldest first; `to` only those to this address."""
        return self._get("/messages", list[Letter], **wanted)

    def add_fault(self, **fault: Any) -> None:
        """Ask for a fault: the fields of `infra.local.mail.server.MailFault`."""
        self._post("/faults", [fault])


class StripeDoor(Door):
    """The Stripe stub: the customer's browser, the payer's bank, an onlooker and whoever makes it fail."""

    def pay(self, session: str, email: str = "", *, later: bool = False) -> str:
        """Press the Pay button, `later` with a delayed method. Returns where the browser is sent."""
        form = {"email": email, "method": "bank_debit" if later else "card"}
        return str(self._call("POST", f"/pay/{session}", data=form).headers.get("location", ""))

    def settle_payment(self, session: str) -> None:
        """The delayed payment succeeds."""
        self._control("settle_payment", session=session)

    def fail_payment(self, session: str) -> None:
        """The delayed payment fails."""
        self._control("fail_payment", session=session)

    def apply_coupon(self, session: str, percent: int = 100) -> None:
        """Take so much off an open session; with all of it off, paying needs no payment."""
        self._control("apply_coupon", session=session, percent=percent)

    def expire_session(self, session: str) -> None:
        """An open session can no longer be paid."""
        self._control("expire_session", session=session)

    def fail_refund(self, refund: str) -> None:
        """A refund that had succeeded fails after all."""
        self._control("fail_refund", refund=refund)

    def open_dispute(self, payment_intent: str, reason: str = "general") -> str:
        """The payer disputes a payment. Returns the dispute's id."""
        return str(self._control("open_dispute", payment_intent=payment_intent, reason=reason))

    def close_dispute(self, dispute: str, outcome: Literal["won", "lost"]) -> None:
        """The dispute is decided, `won` being ours."""
        self._control("close_dispute", dispute=dispute, outcome=outcome)

    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver an event."""
        return self._get("/deliveries", list[Delivery])

    def deliver_again(self, event: str, copies: int = 1) -> None:
        """Deliver an event, held or not, so many times at once."""
        self._control("deliver_again", event=event, copies=copies)

    def deliver_in_order(self, *events: str) -> None:
        """Deliver events, held or not, each once the one before has been tried."""
        self._control("deliver_in_order", events=events)

    def hold_deliveries(self) -> None:
        """Make events from now on without delivering them."""
        self._control("hold_deliveries", on=True)

    def resume_deliveries(self) -> None:
        """Deliver events again from now on; those made while holding stay undelivered."""
        self._control("hold_deliveries", on=False)

    def undelivered(self) -> list[str]:
        """The ids of the events that nobody has accepted, the oldest first."""
        return list(self._control("undelivered"))

    def set_api_version(self, version: str) -> None:
        """The version of events made from now on."""
        self._control("set_api_version", version=version)

    def add_fault(self, **fault: Any) -> None:
        """Ask for a fault: the fields of `infra.local.stripe.faults.StripeFault`."""
        self._post("/faults", [fault])

    def _control(self, name: str, **asked: object) -> Any:
        return msgspec.json.decode(self._call("POST", f"/controls/{name}", json=asked).content)
