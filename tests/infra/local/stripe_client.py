"""The real SDK, pointed at the stub."""

from typing import Any

from stripe import StripeClient
from stripe.checkout import Session

from infra.local.stack import Stack


def connect(stack: Stack, key: str | None = None) -> StripeClient:
    """A client of the stub, without retries."""
    return StripeClient(
        key or stack.env["STRIPE_API_KEY"],
        base_addresses={"api": stack.env["STRIPE_API_BASE"]},
        max_network_retries=0,
    )


def params(**more: Any) -> Any:
    """What the shop asks for."""
    product = {"name": "Life Clarity"}
    return {
        "mode": "payment",
        "line_items": [
            {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 1900, "product_data": product}}
        ],
        "metadata": {"product": "life_clarity"},
        "client_reference_id": "answers-1",
        "success_url": "http://127.0.0.1/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1/",
        **more,
    }


def open_session(client: StripeClient, **more: Any) -> Session:
    """An open session."""
    return client.v1.checkout.sessions.create(params(**more))
