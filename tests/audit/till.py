"""Purchases at the till: Checkout Sessions that are opened and paid, of which Stripe tells the webhook itself."""

from typing import Any

from infra.local.stack import Stack
from tests.infra.local.stripe_client import connect, open_session
from tests.pressroom import ANSWERS


class Till:
    """Till of the local stack."""

    def __init__(self, stack: Stack) -> None:
        """Connect lazily."""
        self._stack, self._client = stack, connect(stack)

    def buy(self, email: str, product: str = "life_clarity", price: int = 1900, **answers: str) -> str:
        """Buy a product at that price. Returns the order's id."""
        described = {"currency": "usd", "unit_amount": price, "product_data": {"name": product}}
        items: Any = [{"quantity": 1, "price_data": described}]
        said = {"product": product, **ANSWERS, **answers}
        session = open_session(self._client, line_items=items, metadata=said, client_reference_id=email)
        self._stack.stripe.pay(session.id, email)
        return session.id

    def give_back(self, order: str) -> None:
        """Refund all of an order's money on Stripe's own pages."""
        intent = self._client.v1.checkout.sessions.retrieve(order).payment_intent
        wanted: Any = {"payment_intent": intent}
        self._client.v1.refunds.create(wanted)
