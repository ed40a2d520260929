"""The Stripe stub's refunds and disputes, through the real SDK."""

import pytest
import stripe
from stripe import Charge, Dispute, Refund

from infra.local.errors import PartError
from infra.local.stack import Stack
from tests.infra.local.stripe_client import connect, events_about, open_session, pay_session


def paid(stack: Stack) -> str:
    """The payment intent of a session just paid."""
    return pay_session(stack, open_session(connect(stack)).id)


def charge_of(stack: Stack, payment_intent: str) -> Charge:
    """Its charge as it is now."""
    (charge,) = connect(stack).v1.charges.list({"payment_intent": payment_intent}).data
    return charge


def test_refunds_add_up_to_the_charge(held: Stack) -> None:
    """A part, then what remains; each event has the charge as it was then and what it was before."""
    client, payment_intent = connect(held), paid(held)
    charge = charge_of(held, payment_intent).id
    part = client.v1.refunds.create({"payment_intent": payment_intent, "amount": 500})
    rest = client.v1.refunds.create({"charge": charge, "reason": "duplicate", "metadata": {"order": "o1"}})
    assert (part.amount, rest.amount, rest.status, rest.reason) == (500, 1400, "succeeded", "duplicate")
    assert rest.to_dict()["metadata"] == {"order": "o1"}
    refunds = client.v1.refunds.list({"payment_intent": payment_intent}).data
    assert [refund.id for refund in refunds] == [rest.id, part.id]
    assert client.v1.refunds.retrieve(part.id).charge == charge

    first, second = (event.to_dict()["data"] for event in events_about(held, id=charge))
    assert (first["object"]["amount_refunded"], first["object"]["refunded"]) == (500, False)
    assert (second["object"]["amount_refunded"], second["object"]["refunded"]) == (1900, True)
    assert first["previous_attributes"] == {"amount_refunded": 0}
    assert second["previous_attributes"] == {"amount_refunded": 500, "refunded": False}
    assert {one.type for one in events_about(held, id=charge)} == {"charge.refunded"}


def test_an_idempotency_key_makes_one_refund(held: Stack) -> None:
    """The same answer twice, be it a refund or a refusal; the key is good for no other request."""
    client, payment_intent = connect(held), paid(held)
    refund = client.v1.refunds.create
    for _ in range(2):
        refund({"payment_intent": payment_intent, "amount": 500}, {"idempotency_key": "some"})
        with pytest.raises(stripe.InvalidRequestError, match="1400"):
            refund({"payment_intent": payment_intent, "amount": 1900}, {"idempotency_key": "all"})
    assert charge_of(held, payment_intent).amount_refunded == 500
    with pytest.raises(stripe.IdempotencyError):
        refund({"payment_intent": payment_intent}, {"idempotency_key": "some"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create({"success_url": "http://127.0.0.1/"}, {"idempotency_key": "some"})


def test_no_more_is_refunded_than_was_paid(held: Stack) -> None:
    """Too much, nothing, a second time, a stranger's payment: each is refused in Stripe's own words."""
    client, payment_intent = connect(held), paid(held)
    for amount in (1901, 0):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": payment_intent, "amount": amount})
        assert (refused.value.http_status, refused.value.param) == (400, "amount")
    client.v1.refunds.create({"payment_intent": payment_intent})
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.refunds.create({"payment_intent": payment_intent})
    assert (again.value.http_status, again.value.code) == (400, "charge_already_refunded")
    with pytest.raises(stripe.InvalidRequestError, match="no successful charge"):
        client.v1.refunds.create({"payment_intent": "pi_unknown"})
    assert len(client.v1.refunds.list({"payment_intent": payment_intent}).data) == 1


def test_a_refund_may_fail_afterwards(held: Stack) -> None:
    """It is told as failed, the charge is less refunded again, and what came back can be refunded anew."""
    client, payment_intent = connect(held), paid(held)
    client.v1.refunds.create({"payment_intent": payment_intent, "amount": 500})
    refund = client.v1.refunds.create({"payment_intent": payment_intent}).id
    held.stripe.fail_refund(refund)
    charge = charge_of(held, payment_intent)
    assert (charge.amount_refunded, charge.refunded) == (500, False)
    (event,) = events_about(held, id=refund)
    failed = event.data.object
    assert isinstance(failed, Refund)
    assert (event.type, failed.status, failed.payment_intent) == ("refund.failed", "failed", payment_intent)
    with pytest.raises(PartError, match="failed already"):
        held.stripe.fail_refund(refund)
    assert client.v1.refunds.create({"payment_intent": payment_intent}).amount == 1400


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_opened_and_closed(held: Stack, outcome: str) -> None:
    """Its events tell payment, amount and reason, the state then, and at the end what it was before."""
    payment_intent = paid(held)
    dispute = held.stripe.open_dispute(payment_intent, reason="fraudulent")
    held.stripe.close_dispute(dispute, "won" if outcome == "won" else "lost")
    opened, closed = events_about(held, id=dispute)
    assert (opened.type, closed.type) == ("charge.dispute.created", "charge.dispute.closed")
    assert (opened.data.object["status"], closed.data.object["status"]) == ("needs_response", outcome)
    assert closed.to_dict()["data"]["previous_attributes"] == {"status": "needs_response"}
    now = connect(held).v1.disputes.retrieve(dispute)
    assert isinstance(closed.data.object, Dispute)
    assert now.to_dict() == closed.data.object.to_dict()
    assert (now.amount, now.currency, now.reason, now.livemode) == (1900, "usd", "fraudulent", False)
    assert (now.payment_intent, now.charge) == (payment_intent, charge_of(held, payment_intent).id)
    with pytest.raises(PartError, match=outcome):
        held.stripe.close_dispute(dispute, "won")


def test_disputed_money_is_refunded_only_after_a_win(held: Stack) -> None:
    """While the bank holds it a refund is refused by its own code."""
    client, payment_intent = connect(held), paid(held)
    dispute = held.stripe.open_dispute(payment_intent)
    assert charge_of(held, payment_intent).disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": payment_intent})
    assert refused.value.code == "charge_disputed"
    held.stripe.close_dispute(dispute, "won")
    assert client.v1.refunds.create({"payment_intent": payment_intent}).amount == 1900
