"""Stripe and us side by side, in a browser: what was missed is shown, and fetched on an operator's word."""

from collections.abc import Callable, Iterator

import pytest

from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]


@pytest.fixture
def missed(house: Pressroom) -> Iterator[str]:
    """A session that was paid, of which the webhook was not told."""
    house.stack.stripe.hold_deliveries()
    session = house.checkout({"product": "life_clarity", "name": "Grace", "question": "What next?"})
    house.stack.stripe.pay(session, house.email)
    yield session
    house.stack.stripe.clear_faults()
    house.stack.stripe.resume_deliveries()


def test_what_the_webhook_missed_is_shown_then_fetched(
    house: Pressroom, browser_of: OpenBrowser, missed: str
) -> None:
    """Looking changes nothing; fetching places the order, and is in the trail; then there is nothing left."""
    browser = browser_of("olaf")
    key = browser.form_key()
    assert missed in browser.post("/ops/stripe/look", form_key=key, days="1").text
    assert house.db.orders.count_documents({"_id": missed}) == 0
    fetched = browser.post("/ops/stripe", form_key=key, days="1", reason="the endpoint was off", action="fetch")
    assert "fetched and placed" in browser.get(fetched.headers["location"]).text
    assert house.db.orders.count_documents({"_id": missed}) == 1
    assert house.db.audit.count_documents({"action": "reconciled", "who": "olaf"}) == 1
    assert missed not in browser.post("/ops/stripe/look", form_key=key, days="1").text


def test_an_order_that_stripe_does_not_know_is_named(
    house: Pressroom, browser_of: OpenBrowser, missed: str
) -> None:
    """A signed event of a session that Stripe never had is shown; a session of Stripe's, once placed, is not."""
    forged = house.buy()
    browser = browser_of("olaf")
    key = browser.form_key()
    browser.post("/ops/stripe", form_key=key, days="1", reason="the endpoint was off", action="fetch")
    shown = browser.post("/ops/stripe/look", form_key=key, days="1").text
    assert (forged in shown, missed in shown) == (True, False)
    named = {one["id"] for one in house.json("reconcile", "--dry-run", "--unknown") if one["what"] == "order"}
    assert (forged in named, missed in named) == (True, False)


def test_only_an_operator_asks_and_only_so_far_back(browser_of: OpenBrowser) -> None:
    """A viewer is refused, and so is a span that Stripe has forgotten, or none."""
    vera, olaf = browser_of("vera"), browser_of("olaf")
    assert vera.post("/ops/stripe/look", form_key=vera.form_key(), days="1").status_code == 403
    for days in ("", "0", "31", "x", "-1", "1.5"):
        refused = olaf.post("/ops/stripe/look", form_key=olaf.form_key(), days=days)
        assert (days, refused.status_code, 'role="alert"' in refused.text) == (days, 422, True)


def test_a_stripe_that_is_away_is_said_to_be(house: Pressroom, browser_of: OpenBrowser, missed: str) -> None:
    """The page says so, and nothing is placed."""
    house.stack.stripe.add_fault(kind="reset", path="/v1/", times=None)
    browser = browser_of("olaf")
    answer = browser.post("/ops/stripe", form_key=browser.form_key(), days="1", reason="why not", action="fetch")
    assert (answer.status_code, "Stripe was not reached" in answer.text) == (503, True)
    assert house.db.orders.count_documents({"_id": missed}) == 0
