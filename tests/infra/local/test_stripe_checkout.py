"""The Stripe stub's Checkout Sessions in their rarer lives, through the real SDK."""

from typing import Any

import pytest

from infra.local.errors import PartError
from infra.local.stack import Stack
from tests import plain_http
from tests.infra.local.stripe_client import connect, events_about, open_session, pay_session


def states(stack: Stack, session: str) -> list[tuple[str, str, str]]:
    """Type, status and payment status of the events about a session, the oldest first."""
    events = events_about(stack, id=session)
    return [(one.type, one.data.object["status"], one.data.object["payment_status"]) for one in events]


def test_a_paid_session_has_a_charge(held: Stack) -> None:
    """The charge of a payment intent is listed and retrieved, with the amount that was paid."""
    client = connect(held)
    payment_intent = pay_session(held, open_session(client).id)
    (charge,) = client.v1.charges.list({"payment_intent": payment_intent}).data
    assert client.v1.charges.retrieve(charge.id).to_dict() == charge.to_dict()
    assert (charge.amount, charge.amount_refunded, charge.currency) == (1900, 0, "usd")
    assert (charge.paid, charge.refunded, charge.status) == (True, False, "succeeded")


def test_a_delayed_payment_is_complete_before_it_is_paid(held: Stack) -> None:
    """Completed unpaid with a payment intent and no charge; paid, with a charge, once it has succeeded."""
    client = connect(held)
    session = open_session(client).id
    payment_intent = pay_session(held, session, later=True)
    assert payment_intent.startswith("pi_")
    assert client.v1.charges.list({"payment_intent": payment_intent}).data == []
    held.stripe.settle_payment(session)
    assert states(held, session) == [
        ("checkout.session.completed", "complete", "unpaid"),
        ("checkout.session.async_payment_succeeded", "complete", "paid"),
    ]
    assert len(client.v1.charges.list({"payment_intent": payment_intent}).data) == 1


def test_a_delayed_payment_may_fail(held: Stack) -> None:
    """It stays unpaid and charges nothing, and cannot fail where nothing is pending."""
    client = connect(held)
    session = open_session(client).id
    with pytest.raises(PartError, match="open and unpaid"):
        held.stripe.fail_payment(session)
    payment_intent = pay_session(held, session, later=True)
    held.stripe.fail_payment(session)
    assert states(held, session)[1:] == [("checkout.session.async_payment_failed", "complete", "unpaid")]
    assert client.v1.charges.list({"payment_intent": payment_intent}).data == []


def test_an_expired_session_cannot_be_paid(held: Stack) -> None:
    """Its status says so, its page offers no button, and pressing one anyway charges nothing."""
    client = connect(held)
    session = open_session(client)
    held.stripe.expire_session(session.id)
    assert states(held, session.id) == [("checkout.session.expired", "expired", "unpaid")]
    assert "<form" not in plain_http.get(str(session.url)).text
    with pytest.raises(PartError, match="422"):
        held.stripe.pay(session.id, "anna@example.com")
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None
    assert session.id in {one.id for one in client.v1.checkout.sessions.list({"status": "expired"}).data}


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
