"""The stubs' control doors, for the demo and for tests: what they saw, and what they shall do wrong."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
import msgspec

from infra.local.errors import PartError
from infra.local.llm.exchange import Record
from infra.local.mail.letters import Letter
from infra.local.stripe.webhooks import Delivery


class Door:
    """Plain HTTP, a connection a call.

    Each control that the stub's server names to `infra.local.serve.control_route` is a method here, under its own
    name and with its own arguments; what it takes and returns is what JSON can hold.
    """

    def __init__(self, url: str) -> None:
        # Not through a proxy, whatever the environment says: the stub is on this machine.
        self._client = httpx2.Client(base_url=url, headers={"Connection": "close"}, timeout=10, trust_env=False)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self._control, name)

    def _control(self, name: str, *args: object, **named: object) -> Any:
        return msgspec.json.decode(self._call(f"/controls/{name}", json=[args, named]).content)

    def _call(self, path: str, **body: Any) -> httpx2.Response:
        """The answer; `PartError` if there is none or it is an error."""
        try:
            answer = self._client.post(path, **body)
        except httpx2.TransportError as error:
            raise PartError(f"POST {self._client.base_url}{path} got no answer: {error}") from error
        if answer.is_error:
            raise PartError(f"POST {answer.url} was answered {answer.status_code}: {answer.text[:200]}")
        return answer


class LlmDoor(Door):
    """The LLM stub; its controls are methods of `infra.local.llm.server.Llm`."""

    def requests(self, **wanted: str) -> list[Record]:
        """Every request so far, of this `order`, `product` and `section` if given."""
        return msgspec.convert(self._control("requests", **wanted), list[Record])


class InboxDoor(Door):
    """The mail server's inbox; its controls are methods of `infra.local.mail.server.MailServer`."""

    def letters(self, **wanted: str) -> list[Letter]:
        """Every letter so far, the oldest first; `to` only those to this address."""
        return msgspec.convert(self._control("letters", **wanted), list[Letter])


class StripeDoor(Door):
    """The Stripe stub: the customer's browser, the payer's bank, an onlooker and whoever makes it fail.

    Its controls are methods of `infra.local.stripe.account.Account` and functions of `checkout` and `returns`.
    """

    def pay(self, session: str, email: str = "", *, later: bool = False) -> str:
        """Press the Pay button, `later` with a delayed method. Returns where the browser is sent."""
        form = {"email": email, "method": "bank_debit" if later else "card"}
        return str(self._call(f"/pay/{session}", data=form).headers.get("location", ""))

    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver an event."""
        return msgspec.convert(self._control("deliveries"), list[Delivery])
