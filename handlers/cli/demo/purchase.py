"""Purchase, as a customer makes it: the form, then Stripe's payment page."""

from urllib.parse import urlsplit

import httpx2

from actors.products.catalogue import Offer
from infra.errors import PressroomError
from infra.local.mail.letters import Letter
from infra.local.stack import Stack

EMAIL = "ada@customer.example"


class PurchaseFailed(PressroomError):
    """The shop did not lead to a payment."""


def buy(stack: Stack, offer: Offer) -> str:
    """Fill the form in, pay, and return the order's id."""
    answers = {name: question.sample for name, question in offer.asked.items()}
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
