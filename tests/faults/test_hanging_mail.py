"""A mail server that takes connections and says nothing: everything but mail goes on, alerts first."""

import socket
from collections.abc import Iterator

import pytest

from infra.local.ports import HOST
from infra.local.stack import Stack
from tests import plain_http
from tests.hook import Hook
from tests.pressroom import ANSWERS, Pressroom

#: What the contract allows an alert, and a sweep what was left to it.
SOON_S = 15.0
#: More than a worker has in the air.
LETTERS = 50
LONG = {"product": "personal_horoscope", "name": "Ada", "birth_date": "1988-04-17", "birth_place": "Rome"}


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """Serve an operators' webhook."""
    with Hook() as running:
        yield running


@pytest.fixture(scope="module")
def pressroom(stack: Stack, hook: Hook) -> Iterator[Pressroom]:
    """Run web, sweep and a mail worker, whose hands are full of letters for a server that hangs."""
    with (
        socket.create_server((HOST, 0), backlog=512) as hung,
        Pressroom(stack, MAIL_URL=f"smtp://{HOST}:{hung.getsockname()[1]}", ALERT_WEBHOOK_URL=hook.url) as running,
    ):
        for command in (("web",), ("sweep",), ("worker", "bundle")):
            running.start(*command)
        for _ in range(LETTERS):
            running.buy(metadata=LONG, amount_subtotal=9900)
        running.until("hanging", lambda: running.db.deliveries.count_documents({"state": "sending"}) > 7)
        yield running


def test_an_alert_is_heard_by_the_hook(pressroom: Pressroom, hook: Hook) -> None:
    """Its mail hangs as well, which keeps nobody from hearing of it."""
    order = pressroom.buy(metadata={"product": "life_clarity", **ANSWERS}, amount_subtotal=1)
    pressroom.until("the alert", lambda: hook.posted(order), SOON_S)


def test_an_order_is_begun_once_its_form_is_filled_in(pressroom: Pressroom) -> None:
    """No letter is needed for that."""
    order = pressroom.buy(metadata={"product": "life_clarity", "name": "Ada"})
    form = pressroom.order(order)["url"] + "/details"
    assert plain_http.post(form, data={"question": "Whither?"}, timeout=10).is_success
    pressroom.until("the report", lambda: pressroom.db.reports.count_documents({"order": order}), SOON_S)


def test_money_is_given_back(pressroom: Pressroom) -> None:
    """The refund is made; its letter waits."""
    order = pressroom.checkout({"product": "life_clarity", **ANSWERS})
    pressroom.stack.stripe.pay(order, pressroom.email)
    pressroom.until("the order", lambda: pressroom.db.orders.find_one({"_id": order, "paid_at": {"$ne": None}}))
    pressroom.cli("orders", "refund", order, "--reason", "she asked for it")
    given_back = {"_id": order, "amount_refunded": 1900}
    pressroom.until("the refund", lambda: pressroom.db.orders.find_one(given_back), SOON_S)
