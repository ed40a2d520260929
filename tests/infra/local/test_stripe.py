"""The Stripe stub, through the real SDK and the customer's page."""

import json

import pytest
import stripe

from infra.local.errors import PartError
from infra.local.stack import Stack
from tests import plain_http
from tests.infra.local.shop import Shop
from tests.infra.local.stripe_client import connect, open_session, params, taxed
from tests.infra.local.waiting import eventually


def test_a_session_is_what_was_asked_for(stack: Stack) -> None:
    """Amounts, metadata and reference come back, and line items when they are expanded."""
    client = connect(stack)
    session = open_session(client, customer_email="anna@example.com")
    again = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert session.id.startswith("cs_test_")
    assert (again.status, again.payment_status) == ("open", "unpaid")
    assert (again.amount_subtotal, again.amount_total, again.currency) == (1900, 1900, "usd")
    assert again.client_reference_id == "answers-1"
    assert again.metadata is not None
    assert again.metadata["product"] == "life_clarity"
    assert again.line_items is not None
    assert [item.description for item in again.line_items.data] == ["Life Clarity"]
    assert again.url == f"{stack.urls.stripe}/pay/{session.id}"


@pytest.mark.parametrize(("behaviour", "total", "tax"), [("exclusive", 2280, 380), ("inclusive", 1900, 317)])
def test_tax_is_added_to_a_price_or_stands_in_it(stack: Stack, behaviour: str, total: int, tax: int) -> None:
    """The subtotal is the price in either case; a price that does not say how it is meant is refused."""
    client = connect(stack)
    session = client.v1.checkout.sessions.create(taxed(behaviour))
    assert session.total_details is not None
    assert (session.amount_subtotal, session.amount_total) == (1900, total)
    assert session.total_details.amount_tax == tax
    with pytest.raises(stripe.InvalidRequestError, match="tax_behavior"):
        client.v1.checkout.sessions.create(taxed(None))


def test_codes_are_taken_where_the_session_allows_them(stack: Stack) -> None:
    """Elsewhere the page has no field for one, and takes none."""
    client = connect(stack)
    for allowed in (True, False):
        session = open_session(client, allow_promotion_codes=allowed)
        page = str(session.url)
        assert ("Promotion code" in plain_http.get(page).text) == allowed
        assert plain_http.post(page, data={"code": "TEST10"}).status_code == (200 if allowed else 422)
        assert client.v1.checkout.sessions.retrieve(session.id).amount_total == (1710 if allowed else 1900)


def test_an_idempotency_key_makes_one_session(stack: Stack) -> None:
    """The same key and parameters give the same session, another parameter an idempotency error."""
    client = connect(stack)
    first = client.v1.checkout.sessions.create(params(), {"idempotency_key": "once"})
    second = client.v1.checkout.sessions.create(params(), {"idempotency_key": "once"})
    assert first.id == second.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(params(client_reference_id="other"), {"idempotency_key": "once"})


def test_errors_are_the_sdks_own(stack: Stack) -> None:
    """A wrong key, an unknown object and an unknown path are typed errors."""
    client = connect(stack)
    with pytest.raises(stripe.AuthenticationError):
        open_session(connect(stack, key="sk_test_wrong"))
    with pytest.raises(stripe.InvalidRequestError, match="No such object") as unknown:
        client.v1.checkout.sessions.retrieve("cs_test_none")
    with pytest.raises(stripe.InvalidRequestError) as nowhere:
        client.v1.customers.list()
    assert unknown.value.http_status == nowhere.value.http_status == 404


def test_the_page_sells_what_the_session_holds(stack: Stack) -> None:
    """It shows product, amount and a button, and a hostile name only escaped."""
    session = open_session(connect(stack), customer_email='"><script>@example.com')
    page = plain_http.get(str(session.url)).text
    assert "Life Clarity" in page
    assert "Pay $19.00" in page
    assert "<script>" not in page


def test_paying_completes_the_session_and_leads_back_to_the_shop(stack: Stack, shop: Shop) -> None:
    """The session holds payer and payment; the event is signed so that the SDK accepts it."""
    client = connect(stack)
    session = open_session(client)
    location = stack.stripe.pay(session.id, "anna@example.com")
    assert location == f"http://127.0.0.1/thanks?session={session.id}"

    body, signature = shop.next()
    event = stripe.Webhook.construct_event(body, signature, stack.env["STRIPE_WEBHOOK_SECRET"])
    assert event.type == "checkout.session.completed"
    assert event.api_version == stripe.api_version

    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert str(paid.payment_intent).startswith("pi_")
    assert paid.customer_details is not None
    assert paid.customer_details.email == "anna@example.com"
    assert event.data.object["id"] == session.id


def test_a_webhook_is_repeated_until_it_is_accepted(stack: Stack, shop: Shop) -> None:
    """Refused deliveries come again, each signed anew over the same bytes, and stop once one is accepted."""
    shop.answers = [500, 302, 429]
    session = open_session(connect(stack))
    stack.stripe.pay(session.id, "anna@example.com")
    sent = [shop.next() for _ in range(4)]
    for body, signature in sent:
        assert stripe.WebhookSignature.verify_header(
            body.decode(), signature, stack.env["STRIPE_WEBHOOK_SECRET"], tolerance=300
        )
    assert len({body for body, _ in sent}) == 1
    event = stripe.Webhook.construct_event(*sent[0], stack.env["STRIPE_WEBHOOK_SECRET"]).id

    def answers() -> list[int | None]:
        return [delivery.status for delivery in stack.stripe.deliveries() if delivery.event == event]

    eventually(lambda: answers() == [500, 302, 429, 200])
    assert shop.received.empty()


def test_a_webhook_outlasts_a_shop_that_is_down(stack: Stack) -> None:
    """A refused connection is an attempt like any other; the event arrives once the shop listens."""
    session = open_session(connect(stack))
    stack.stripe.pay(session.id, "anna@example.com")
    eventually(lambda: stack.stripe.deliveries()[-1].error)
    with Shop(stack.web_port) as shop:
        body, _ = shop.next()
    assert session.id.encode() in body


def test_paying_twice_is_one_event(stack: Stack, shop: Shop) -> None:
    """The second press of the button leads to the shop and sends nothing."""
    session = open_session(connect(stack))
    first = stack.stripe.pay(session.id, "anna@example.com")
    assert stack.stripe.pay(session.id, "anna@example.com") == first
    shop.next()
    events = connect(stack).v1.events.list({"type": "checkout.session.completed", "limit": 100})
    assert [event.data.object["id"] for event in events.data].count(session.id) == 1


def test_a_payment_without_an_address_is_refused_on_the_page(stack: Stack) -> None:
    """Nothing is charged until somebody says where to write to."""
    session = open_session(connect(stack))
    with pytest.raises(PartError, match="422"):
        stack.stripe.pay(session.id)
    assert connect(stack).v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"


def test_lists_come_newest_first_in_pages(stack: Stack, shop: Shop) -> None:
    """What reconciliation reads: sessions by status and time, events by type and delivery, page by page."""
    client = connect(stack)
    sessions = [open_session(client).id for _ in range(3)]
    page = client.v1.checkout.sessions.list({"limit": 2, "status": "open"})
    assert [session.id for session in page.data] == [sessions[2], sessions[1]]
    assert page.has_more
    rest = client.v1.checkout.sessions.list({"limit": 1, "starting_after": sessions[1]})
    assert [session.id for session in rest.data] == [sessions[0]]
    assert client.v1.checkout.sessions.list({"created": {"gt": 4_000_000_000}}).data == []

    shop.answers = [500]
    stack.stripe.pay(sessions[0], "anna@example.com")
    body, signature = shop.next()
    event = stripe.Webhook.construct_event(body, signature, stack.env["STRIPE_WEBHOOK_SECRET"]).id
    shop.next()

    def listed(*, delivered: bool) -> set[str]:
        events = client.v1.events.list({"delivery_success": delivered, "types": ["checkout.session.completed"]})
        return {event.id for event in events.data}

    eventually(lambda: event in listed(delivered=True))
    assert event not in listed(delivered=False)
    assert client.v1.events.retrieve(event).data.object["id"] == sessions[0]


def test_an_event_can_be_delivered_again_in_copies(stack: Stack, shop: Shop) -> None:
    """Duplicates come at once on request, the same event each time."""
    session = open_session(connect(stack))
    stack.stripe.pay(session.id, "anna@example.com")
    body, signature = shop.next()
    event = stripe.Webhook.construct_event(body, signature, stack.env["STRIPE_WEBHOOK_SECRET"])
    stack.stripe.deliver_again(event.id, copies=3)
    again = [shop.next()[0] for _ in range(3)]
    assert [json.loads(copy)["id"] for copy in again] == [event.id] * 3
