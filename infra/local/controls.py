"""Clients of the stubs' controls, for the demo and for tests: records of what came in, and faults to come."""

from typing import Any, Literal

import httpx2
import msgspec

from infra.local.errors import PartError
from infra.local.llm.exchange import Record
from infra.local.llm.limits import HeaderStyle
from infra.local.mail.letters import Letter
from infra.local.stripe.webhooks import Delivery


class _Controls:
    """Calls a stub's controls over plain HTTP, with a connection for each call.

    A method bears the name of the control that the stub gives to `infra.local.serve.control_route`. Each raises
    `PartError` if the stub does not answer, or answers with an error.
    """

    def __init__(self, url: str) -> None:
        # Not through a proxy, whatever the environment says: the stub is on this machine.
        self._client = httpx2.Client(base_url=url, headers={"Connection": "close"}, timeout=10, trust_env=False)

    def add_faults(self, *faults: dict[str, Any]) -> None:
        """Ask for faults, each by its fields: those of the stub's own subclass of `infra.local.serve.Fault`."""
        self._call("add_faults", *faults)

    def add_fault(self, **fields: object) -> None:
        """Ask for one fault by its fields."""
        self._call("add_fault", **fields)

    def clear_faults(self) -> None:
        """Ask for no more faults."""
        self._call("clear_faults")

    def _call(self, control: str, *args: object, **named: object) -> Any:
        return msgspec.json.decode(self._post(f"/controls/{control}", json=[args, named]).content)

    def _post(self, path: str, **body: Any) -> httpx2.Response:
        try:
            answer = self._client.post(path, **body)
        except httpx2.TransportError as error:
            raise PartError(f"POST {self._client.base_url}{path} got no answer: {error}") from error
        if answer.is_error:
            raise PartError(f"POST {answer.url} was answered {answer.status_code}: {answer.text[:200]}")
        return answer


class LlmControls(_Controls):
    """Controls of the LLM stub, which are methods of `infra.local.llm.server.Llm`; faults are `LlmFault`s."""

    def requests(self, **wanted: str) -> list[Record]:
        """Return every request so far, of this `order`, `product` and `section` if given."""
        return msgspec.convert(self._call("requests", **wanted), list[Record])

    def set_latency(self, seconds: float) -> None:
        """Set how long each answer takes from now on."""
        self._call("set_latency", seconds)

    def set_brevity(self, *, brief: bool) -> None:
        """Set whether answers are a paragraph each from now on, which is soon set in type."""
        self._call("set_brevity", brief=brief)

    def set_limits(self, *, requests_per_minute: int, tokens_per_minute: int) -> None:
        """Set new limits, with full buckets."""
        self._call("set_limits", requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)

    def tell_limits(self, style: HeaderStyle) -> None:
        """Set how the headers of answers tell the limits from now on."""
        self._call("tell_limits", style)

    def end_model(self, model: str, day: str | None) -> None:
        """Announce the last day of a model, as YYYY-MM-DD; None announces none."""
        self._call("end_model", model, day)

    def refuse_parameters(self, *names: str) -> None:
        """Refuse requests that have one of these parameters from now on, as servers do that do not know them."""
        self._call("refuse_parameters", *names)


class InboxControls(_Controls):
    """Controls of the mail server, which are methods of `infra.local.mail.server.MailServer`.

    Faults are `MailFault`s.
    """

    def letters(self, to: str | None = None) -> list[Letter]:
        """Return all letters, the oldest first; with `to`, only those to that address."""
        return msgspec.convert(self._call("letters", to=to), list[Letter])


class StripeControls(_Controls):
    """Controls of the Stripe stub: deliveries, and the deeds of customers, payers and banks.

    They are methods of `infra.local.stripe.account.Account` and functions of `checkout` and `returns`; faults are
    `StripeFault`s.
    """

    def pay(self, session: str, email: str = "", *, later: bool = False) -> str:
        """Press the Pay button, `later` with a delayed method. Return the address that the browser is sent to."""
        form = {"email": email, "method": "bank_debit" if later else "card"}
        return str(self._post(f"/pay/{session}", data=form).headers.get("location", ""))

    def settle_payment(self, session: str) -> None:
        """Let a delayed payment come in."""
        self._call("settle_payment", session)

    def fail_payment(self, session: str) -> None:
        """Let a delayed payment fail."""
        self._call("fail_payment", session)

    def expire_session(self, session: str) -> None:
        """End an open session that was not paid."""
        self._call("expire_session", session)

    def fail_refund(self, refund: str) -> None:
        """Let the payer's bank send a refund back."""
        self._call("fail_refund", refund)

    def open_dispute(self, payment_intent: str, reason: str = "general") -> str:
        """Dispute the whole charge of a payment. Return the dispute's id."""
        return str(self._call("open_dispute", payment_intent, reason))

    def close_dispute(self, dispute: str, outcome: Literal["won", "lost"]) -> None:
        """Decide a dispute: `won` by the shop, or `lost`."""
        self._call("close_dispute", dispute, outcome)

    def hold_deliveries(self) -> None:
        """Make events from now on without delivering them."""
        self._call("hold_deliveries")

    def resume_deliveries(self) -> None:
        """Deliver events again from now on; those made while holding stay undelivered."""
        self._call("resume_deliveries")

    def deliveries(self) -> list[Delivery]:
        """Return every attempt to deliver an event."""
        return msgspec.convert(self._call("deliveries"), list[Delivery])

    def undelivered(self) -> list[str]:
        """Return the ids of the events that were not accepted yet, the oldest first."""
        return msgspec.convert(self._call("undelivered"), list[str])

    def deliver_again(self, event: str, copies: int = 1) -> None:
        """Deliver an event, held or not, so many times at once."""
        self._call("deliver_again", event, copies)

    def deliver_in_order(self, *events: str) -> None:
        """Deliver events, held or not, each once the one before has been tried."""
        self._call("deliver_in_order", *events)

    def set_api_version(self, version: str) -> None:
        """Set the version of events made from now on."""
        self._call("set_api_version", version)

    def set_endpoints(self, *changes: dict[str, Any]) -> None:
        """Replace the webhook endpoints, each given by the fields in which it differs from that at the start."""
        self._call("set_endpoints", *changes)

    def deny(self, *permissions: str) -> None:
        """Take these permissions, such as `rak_charge_write`, from the key, and give it all others."""
        self._call("deny", *permissions)
