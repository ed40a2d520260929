"""The Stripe client: explicit timeouts, two network retries, idempotency keys derived from our own ids."""

import asyncio
from dataclasses import dataclass

import stripe

from infra.errors import PermanentError, TransientError
from infra.settings import Settings

_TIMEOUT_S = 10


class StripeIsDown(TransientError):
    """Stripe did not answer, or not with sense."""


class StripeRefusesUs(PermanentError):
    """Stripe says that the request or our key is wrong."""


@dataclass(frozen=True)
class Purchase:
    """What somebody is about to buy; `reference` is our id for their answers, `price` in the smallest unit."""

    reference: str
    product: str
    title: str
    price: int
    currency: str
    success_url: str
    cancel_url: str


class Stripe:
    """Makes Checkout Sessions. The SDK blocks, so each call runs in a thread."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily; STRIPE_API_BASE is for tests."""
        self._client = stripe.StripeClient(
            settings.stripe_api_key,
            base_addresses={"api": settings.stripe_api_base or stripe.DEFAULT_API_BASE},
            max_network_retries=2,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
        )

    async def open_checkout(self, purchase: Purchase) -> str:
        """Return the address of Stripe's payment page for a purchase: the same one if asked twice."""
        return await asyncio.to_thread(self._open_checkout, purchase)

    def _open_checkout(self, purchase: Purchase) -> str:
        try:
            session = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": purchase.reference,
                    "metadata": {"product": purchase.product},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": purchase.currency,
                                "unit_amount": purchase.price,
                                "product_data": {"name": purchase.title},
                            },
                        }
                    ],
                    "success_url": purchase.success_url,
                    "cancel_url": purchase.cancel_url,
                },
                {"idempotency_key": f"checkout-{purchase.reference}"},
            )
        except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as error:
            raise StripeIsDown(f"Stripe was not reached: {type(error).__name__}.") from error
        except stripe.StripeError as error:
            raise StripeRefusesUs(f"Stripe refused the request: {type(error).__name__}.") from error
        if session.url is None:
            raise StripeRefusesUs("Stripe gave the session no address.")
        return session.url
