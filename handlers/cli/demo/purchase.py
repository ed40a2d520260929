"""Buying, as a customer does: the form, then Stripe's payment page."""

from urllib.parse import urlsplit

import httpx2

from actors.catalogue import Offer
from infra.errors import PressroomError
from infra.local.mail.letters import Letter
from infra.local.stack import Stack

BUYER = {
    "name": "Amelie Hartmann",
    "birth_date": "1988-04-17",
    "birth_time": "06:40",
    "birth_place": "Freiburg, Germany",
    "question": "I have been offered a job abroad. Should I take it, and how will I know that I chose well?",
}
EMAIL = "amelie@customer.example"


class PurchaseFailed(PressroomError):
    """The shop or the till did not do as it should."""


def buy(stack: Stack, offer: Offer) -> str:
    """Fill the form in, pay, and return the order's id."""
    answers = {name: BUYER[name] for name in offer.needed}
    with httpx2.Client(base_url=stack.urls.web, timeout=30) as browser:
        answer = browser.post("/checkout", data={"product": offer.name, **answers})
    if answer.status_code != 303:
        raise PurchaseFailed(f"The shop answered {answer.status_code}: {answer.text[:200]}")
    session = urlsplit(answer.headers["location"]).path.rpartition("/")[2]
    stack.stripe.pay(session, EMAIL)
    return session


def completions_of(stack: Stack, order: str) -> list[Letter]:
    """Return the letters that have brought the customer an order's reports."""
    about = {"X-Pressroom-Order": order, "X-Pressroom-Mail": "completion"}
    return [letter for letter in stack.inbox.letters(to=EMAIL) if about.items() <= letter.headers.items()]
