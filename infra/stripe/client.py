"""The Stripe client: explicit timeouts, and two network retries under one idempotency key."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import stripe

from infra.errors import PermanentError, TransientError
from infra.settings import Settings
from infra.stripe.version import API_VERSION, StripeObject

Answer = TypeVar("Answer")

#: Seconds for each attempt; with two retries a call ends within about half a minute.
_TIMEOUT_S = 10
_RETRIES = 2
_PAGE = 100
#: Stripe's name of what a restricted key may do, in the message of a refusal.
_PERMISSION = re.compile(r"'(rak_\w{1,80})'", re.ASCII)
#: Requests of each kind that Pressroom makes. Nothing can be made by one that names nothing.
_TRIALS = (
    ("get", "/v1/checkout/sessions"),
    ("post", "/v1/checkout/sessions"),
    ("get", "/v1/events"),
    ("get", "/v1/charges"),
    ("post", "/v1/refunds"),
)


class StripeIsDown(TransientError):
    """Stripe did not answer, or the answer made no sense."""


class StripeRefusesUs(PermanentError):
    """Stripe calls the request or our key wrong, or knows no such object."""


class KeyMayNot(StripeRefusesUs):
    """The restricted key lacks a permission. `permission` is Stripe's name of it, if it says one."""

    def __init__(self, permission: str) -> None:
        """Name the permission, which may be empty."""
        lack = f"the permission {permission}" if permission else "a permission, which Stripe does not name"
        super().__init__(f"Stripe refused the request: STRIPE_API_KEY lacks {lack}.")
        self.permission = permission


class MoneyIsBack(StripeRefusesUs):
    """All of the payment was given back before."""


class NoSuchObject(StripeRefusesUs):
    """Stripe knows no object of that id, in this account and mode."""


#: Refusals that callers tell apart, by Stripe's code: https://docs.stripe.com/error-codes
_REFUSALS = {"charge_already_refunded": MoneyIsBack, "resource_missing": NoSuchObject}


@dataclass(frozen=True)
class Purchase:
    """A purchase to be made; `reference` is our id for their answers, `price` in the smallest unit.

    `locale` is the language of the payment page: that of the browser, if it is `auto`.
    """

    reference: str
    product: str
    title: str
    price: int
    currency: str
    success_url: str
    cancel_url: str
    locale: str = "auto"


class Till(NamedTuple):
    """Payment page of Stripe's: its session, and its address."""

    session: str
    url: str


class Stripe:
    """Checkout Sessions, refunds and events. The SDK blocks, so each call runs in a thread."""

    def __init__(self, settings: Settings, *, timeout_s: float = _TIMEOUT_S, retries: int = _RETRIES) -> None:
        """Connect lazily; STRIPE_API_BASE is for tests. Each of a call's attempts has `timeout_s` seconds."""
        self._mark = {"installation": settings.installation} if settings.installation else {}
        self._wishes = _wishes(settings)
        self._price = {"tax_behavior": settings.automatic_tax} if settings.automatic_tax else {}
        self._sold = {"tax_code": settings.tax_code} if settings.tax_code else {}
        self._client = stripe.StripeClient(
            settings.stripe_api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.stripe_api_base or stripe.DEFAULT_API_BASE},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout_s),
        )

    async def open_checkout(self, purchase: Purchase) -> Till:
        """Return Stripe's payment page for a purchase: the same one if asked twice."""
        wanted = {
            **self._wishes,
            "mode": "payment",
            "client_reference_id": purchase.reference,
            "metadata": {"product": purchase.product, **self._mark},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": purchase.currency,
                        "unit_amount": purchase.price,
                        "product_data": {"name": purchase.title, **self._sold},
                        **self._price,
                    },
                }
            ],
            "success_url": purchase.success_url,
            "cancel_url": purchase.cancel_url,
            "locale": purchase.locale,
        }
        key = f"checkout-{purchase.reference}"
        session = await self._ask("post", "/v1/checkout/sessions", **wanted, idempotency_key=key)
        if not isinstance(session.get("url"), str):
            raise StripeRefusesUs("Stripe gave the session no address.")
        return Till(str(session["id"]), session["url"])

    async def expire_session(self) -> str:
        """Open a Checkout Session for nothing that is sold here, and let it expire. Returns its id."""
        price = {"currency": "usd", "unit_amount": 100, "product_data": {"name": "Not for sale"}}
        wanted = {"mode": "payment", "line_items": [{"quantity": 1, "price_data": price}]}
        session = await self._ask("post", "/v1/checkout/sessions", **wanted, success_url="https://stripe.com")
        await self._ask("post", f"/v1/checkout/sessions/{session['id']}/expire")
        return str(session["id"])

    async def session(self, session_id: str) -> StripeObject:
        """Return a Checkout Session with its line items, in our version of the API."""
        return await self._ask("get", f"/v1/checkout/sessions/{session_id}", expand=["line_items"])

    async def charge(self, intent: str) -> StripeObject:
        """Return the charge that brought in a payment's money, as it stands; StripeRefusesUs if there is none."""
        charges = (await self._ask("get", "/v1/charges", payment_intent=intent, limit=_PAGE))["data"]
        paid = [charge for charge in charges if charge["status"] == "succeeded"]
        if not paid:
            raise StripeRefusesUs("Stripe knows no charge of that payment.")
        return dict(paid[0])

    async def refund(self, intent: str) -> StripeObject:
        """Give back the rest of a payment, whoever else asks for it; return its charge as it then stands.

        Each call has a key of its own: for a day Stripe repeats what it said to a key, be it a 500. No more goes
        back than there is left, so none is needed.
        """
        with contextlib.suppress(MoneyIsBack):
            await self._ask("post", "/v1/refunds", payment_intent=intent)
        return await self.charge(intent)

    def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[StripeObject]:
        """Yield events of those types since then (Unix time) that not every webhook has taken, newest first."""
        return self._list("/v1/events", types=kinds, delivery_success=False, created={"gte": since})

    def complete_sessions(self, since: int) -> AsyncIterator[StripeObject]:
        """Yield sessions made since then (Unix time) whose checkout was completed, with their line items.

        Newest first.
        """
        wanted = {"status": "complete", "created": {"gte": since}}
        return self._list("/v1/checkout/sessions", **wanted, expand=["data.line_items"])

    async def endpoints(self) -> list[StripeObject]:
        """Return the webhook endpoints of the key's mode. Stripe does not show their secrets."""
        return [endpoint async for endpoint in self._list("/v1/webhook_endpoints")]

    async def missing_permissions(self) -> list[str]:
        """Return Stripe's names of the permissions that the key lacks for Pressroom's requests.

        Each kind of request is made once. One that reads asks for one object. One that writes names nothing, so
        that Stripe refuses it in any case.
        """
        lacks = await asyncio.gather(*(self._lack(method, path) for method, path in _TRIALS))
        return sorted({lack for lack in lacks if lack})

    async def _lack(self, method: str, path: str) -> str | None:
        wanted = {"limit": 1} if method == "get" else {}
        try:
            await self._ask(method, path, **wanted)
        except KeyMayNot as error:
            return error.permission or f"for {method.upper()} {path}"
        except StripeRefusesUs:
            if method == "get":
                raise
        return None

    async def _list(self, path: str, **wanted: Any) -> AsyncIterator[StripeObject]:
        after: StripeObject = {}
        while True:
            page = await self._ask("get", path, **wanted, **after, limit=_PAGE)
            for one in page["data"]:
                yield one
            if not (page.get("has_more") and page["data"]):
                return
            after = {"starting_after": page["data"][-1]["id"]}

    async def _ask(self, method: str, path: str, **wanted: Any) -> StripeObject:
        # Raw: Stripe's own words are kept and read, not this version of the SDK's reading of them.
        return await asyncio.to_thread(
            _translated, lambda: json.loads(self._client.raw_request(method, path, **wanted).body)
        )


def _wishes(settings: Settings) -> dict[str, Any]:
    """Return what the payment page shall have beside the purchase: a field for codes, tax, companies' numbers."""
    wishes: dict[str, Any] = {}
    if settings.promotion_codes:
        wishes["allow_promotion_codes"] = True
    if settings.automatic_tax:
        wishes["automatic_tax"] = {"enabled": True}
    if settings.tax_ids:
        wishes["tax_id_collection"] = {"enabled": True}
    return wishes


def _translated(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError, ValueError) as error:
        raise StripeIsDown(f"Stripe was not reached: {type(error).__name__}.") from error
    except stripe.InvalidRequestError as error:
        kind = _REFUSALS.get(error.code or "", StripeRefusesUs)
        raise kind(f"Stripe refused the request: {error.code or 'InvalidRequestError'}.") from error
    except stripe.PermissionError as error:
        named = _PERMISSION.search(str(error.user_message or ""))
        raise KeyMayNot(named[1] if named else "") from error
    except stripe.AuthenticationError as error:
        raise StripeRefusesUs(
            "Stripe refused the request: STRIPE_API_KEY is wrong, expired or revoked."
        ) from error
    except stripe.StripeError as error:
        raise StripeRefusesUs(f"Stripe refused the request: {type(error).__name__}.") from error
