"""The page on which a customer comes from the till: it is there before Stripe's event is."""

from collections.abc import Iterator

import httpx2
import pytest

from tests import plain_http
from tests.infra.local.stripe_client import connect
from tests.pressroom import Pressroom

FORM = {"product": "life_clarity", "name": "Ada", "question": "Shall I go?"}


@pytest.fixture(scope="module")
def shop(front_door: Pressroom) -> Iterator[Pressroom]:
    """A shop of whose payments Stripe tells nobody for now."""
    front_door.stack.stripe.hold_deliveries()
    yield front_door
    front_door.stack.stripe.resume_deliveries()


def way_back(shop: Pressroom, session: str) -> str:
    """Return the address to which Stripe leads a customer who has paid."""
    found = connect(shop.stack).v1.checkout.sessions.retrieve(session)
    assert found.success_url is not None
    return found.success_url


def ask_again(shop: Pressroom, address: str) -> httpx2.Response:
    """Return the page as it is some seconds later, when Stripe may be asked again."""
    shop.db.answers.update_many({}, {"$unset": {"asked_at": ""}})
    return plain_http.get(address)


def test_who_has_paid_lands_on_the_order_before_its_event(shop: Pressroom) -> None:
    """Stripe is asked, the order is placed, and the event that comes later adds nothing."""
    session = shop.checkout(FORM)
    address = way_back(shop, session)
    shop.stack.stripe.pay(session, shop.email)
    landed = plain_http.get(address)
    assert (landed.status_code, landed.headers["location"]) == (303, shop.order(session)["url"])
    assert "Writing begins in a moment." in plain_http.get(landed.headers["location"]).text
    assert shop.send(shop.event(id=session)).status_code == 200
    assert shop.db.orders.count_documents({"_id": session}) == 1
    assert shop.db.reports.count_documents({"order": session}) == 1


def test_who_has_not_paid_is_led_back_to_the_till(shop: Pressroom) -> None:
    """An open session leads back to its payment, one that is over to the shop, and neither is an order."""
    session = shop.checkout(FORM)
    address = way_back(shop, session)
    assert f'href="{shop.stack.env["STRIPE_API_BASE"]}/pay/{session}"' in plain_http.get(address).text
    shop.stack.stripe.expire_session(session)
    assert "nothing was charged" in ask_again(shop, address).text
    assert shop.db.orders.count_documents({"_id": session}) == 0


def test_a_payment_that_takes_days_is_waited_for(shop: Pressroom) -> None:
    """The order is there, and says that it waits for the payment."""
    session = shop.checkout(FORM)
    shop.stack.stripe.pay(session, shop.email, later=True)
    landed = plain_http.get(way_back(shop, session), follow_redirects=True)
    assert "We are waiting for your payment." in landed.text


def test_stripe_is_asked_now_and_then_only(shop: Pressroom) -> None:
    """However often the page is loaded: until Stripe may be asked again, the page says that it waits."""
    session = shop.checkout(FORM)
    address = way_back(shop, session)
    assert "not paid yet" in plain_http.get(address).text
    shop.stack.stripe.pay(session, shop.email)
    waiting = plain_http.get(address)
    assert (waiting.status_code, 'http-equiv="refresh"' in waiting.text) == (200, True)
    assert ask_again(shop, address).status_code == 303


def test_a_page_waits_while_stripe_does_not_answer(shop: Pressroom) -> None:
    """Nobody who has paid sees an error."""
    session = shop.checkout(FORM)
    address = way_back(shop, session)
    shop.stack.stripe.pay(session, shop.email)
    shop.stack.stripe.add_fault(status=500)
    try:
        waiting = plain_http.get(address, timeout=30)
    finally:
        shop.stack.stripe.clear_faults()
    assert (waiting.status_code, "This page moves on by itself" in waiting.text) == (200, True)


def test_a_reference_alone_opens_nothing(shop: Pressroom) -> None:
    """Stripe's pages show the form's reference; without our signature it is no link."""
    session = shop.checkout(FORM)
    reference = connect(shop.stack).v1.checkout.sessions.retrieve(session).client_reference_id
    assert plain_http.get(f"{shop.door}/orders/{reference}").status_code == 404
