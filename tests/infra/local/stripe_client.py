"""The real SDK, pointed at the stub."""

from typing import Any

from stripe import Event, RequestsClient, StripeClient
from stripe.checkout import Session

from infra.local.stack import Stack


def connect(stack: Stack, key: str | None = None, *, retries: int = 0, timeout: float = 10) -> StripeClient:
    """A client of the stub, with so many retries."""
    return StripeClient(
        key or stack.env["STRIPE_API_KEY"],
        base_addresses={"api": stack.env["STRIPE_API_BASE"]},
        max_network_retries=retries,
        http_client=RequestsClient(timeout=timeout),
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


def pay_session(stack: Stack, session: str, *, later: bool = False) -> str:
    """Pay an open session. Returns the payment intent."""
    stack.stripe.pay(session, "anna@example.com", later=later)
    return str(connect(stack).v1.checkout.sessions.retrieve(session).payment_intent)


def taxed(behaviour: str | None) -> Any:
    """What a shop asks for that has tax reckoned, of a price that says how it is meant or does not."""
    (item,) = params()["line_items"]
    meant = {"tax_behavior": behaviour} if behaviour else {}
    wanted = {"quantity": 1, "price_data": item["price_data"] | meant}
    return params(line_items=[wanted], automatic_tax={"enabled": True})


def events_about(stack: Stack, **wanted: str) -> list[Event]:
    """The events about objects with these fields, the oldest first."""
    newest_first = connect(stack).v1.events.list({"limit": 100}).auto_paging_iter()
    fitting = [one for one in newest_first if wanted.items() <= one.data.object.to_dict().items()]
    return fitting[::-1]
