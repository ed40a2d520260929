"""The Stripe stub's API when it fails on request, as the real SDK sees it."""

import pytest
import stripe

from infra.local.errors import PartError
from infra.local.stack import Stack
from tests.infra.local.stripe_client import connect, open_session, pay_session


def test_the_api_fails_as_often_as_asked(held: Stack) -> None:
    """So many requests get the error, whatever they ask for, and do nothing; the next one is answered."""
    client = connect(held)
    session = open_session(client).id
    held.stripe.add_fault(times=2)
    with pytest.raises(stripe.APIError) as broken:
        client.v1.events.list()
    assert broken.value.http_status == 500
    with pytest.raises(stripe.APIError):
        open_session(client)
    assert client.v1.checkout.sessions.list({"limit": 1}).data[0].id == session


def test_a_retry_outlasts_a_passing_error(held: Stack) -> None:
    """The SDK repeats what was answered 500, with the same key."""
    held.stripe.add_fault(times=1)
    assert open_session(connect(held, retries=1)).id


def test_the_api_is_out_of_reach_until_told_otherwise(held: Stack) -> None:
    """Every line is cut; the customer's page and the controls go on; then it answers again."""
    client = connect(held)
    session = open_session(client).id
    held.stripe.add_fault(kind="reset")
    for _ in range(3):
        with pytest.raises(stripe.APIConnectionError):
            client.v1.events.list()
    held.stripe.pay(session, "anna@example.com")
    assert held.stripe.undelivered()
    held.stripe.clear_faults()
    assert client.v1.checkout.sessions.retrieve(session).status == "complete"


def test_a_fault_may_be_meant_for_one_path(held: Stack) -> None:
    """Refunds are refused for too many requests, while the lists are read."""
    client = connect(held)
    payment_intent = pay_session(held, open_session(client).id)
    held.stripe.add_fault(status=429, path="/v1/refunds")
    with pytest.raises(stripe.RateLimitError):
        client.v1.refunds.create({"payment_intent": payment_intent})
    assert client.v1.charges.list({"payment_intent": payment_intent}).data[0].amount_refunded == 0


@pytest.mark.parametrize("fault", [{"kind": "lost"}, {"kind": "hang", "seconds": 2}])
def test_a_lost_answer_is_given_to_the_next_request_with_its_key(held: Stack, fault: dict[str, object]) -> None:
    """The refund was made although its answer did not come, and asking again makes no second one."""
    client = connect(held, timeout=0.5)
    payment_intent = pay_session(held, open_session(client).id)
    held.stripe.add_fault(times=1, **fault)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.refunds.create({"payment_intent": payment_intent}, {"idempotency_key": f"{fault}"})
    (made,) = client.v1.refunds.list({"payment_intent": payment_intent}).data
    again = client.v1.refunds.create({"payment_intent": payment_intent}, {"idempotency_key": f"{fault}"})
    assert again.id == made.id
    assert len(client.v1.refunds.list({"payment_intent": payment_intent}).data) == 1


def test_a_misspelt_fault_or_control_is_refused(held: Stack) -> None:
    """Nothing is ignored silently."""
    with pytest.raises(PartError, match="400"):
        held.stripe.add_fault(knd="reset")
    with pytest.raises(PartError, match="404"):
        held.stripe._call("open_sesame")
