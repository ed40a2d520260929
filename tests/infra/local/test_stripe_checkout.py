"""The Stripe stub's Checkout Sessions, charges and prices, through the real SDK."""

from typing import Any

from infra.local.stack import Stack
from tests.infra.local.stripe_client import connect, open_session, pay_session


def test_a_paid_session_has_a_charge(held: Stack) -> None:
    """The charge of a payment intent is listed and retrieved, with the amount that was paid."""
    client = connect(held)
    payment_intent = pay_session(held, open_session(client).id)
    (charge,) = client.v1.charges.list({"payment_intent": payment_intent}).data
    assert client.v1.charges.retrieve(charge.id).to_dict() == charge.to_dict()
    assert (charge.amount, charge.amount_refunded, charge.currency) == (1900, 0, "usd")
    assert (charge.paid, charge.refunded, charge.status) == (True, False, "succeeded")


def test_a_line_item_names_its_price_by_lookup_key(held: Stack) -> None:
    """A session of a price made before carries its lookup key; a price described on the spot has none."""
    client = connect(held)
    product: Any = {"name": "Life Clarity"}
    price = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1900, "lookup_key": "life_clarity", "product_data": product}
    )
    named = open_session(client, line_items=[{"price": price.id, "quantity": 2}], metadata={}).id
    described = open_session(client).id
    keys = {}
    for session in client.v1.checkout.sessions.list({"expand": ["data.line_items"], "limit": 2}).data:
        retrieved = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
        assert retrieved.to_dict() == session.to_dict()
        assert retrieved.line_items is not None
        (item,) = retrieved.line_items.data
        assert (item.description, item.price and item.price.unit_amount) == ("Life Clarity", 1900)
        keys[session.id] = item.price and item.price.lookup_key
    assert keys == {named: "life_clarity", described: None}
    bought = client.v1.checkout.sessions.retrieve(named)
    assert bought.amount_subtotal == 3800
    assert bought.to_dict()["metadata"] == {}
