"""Letters of an order under way: it was taken, lacks details, or takes longer."""

from datetime import datetime
from math import ceil

from actors.mail.brand import Installation, language_of
from actors.mail.formatting import spoken_duration
from actors.mail.letterhead import to_customer
from actors.products.answer_types import in_language
from actors.products.catalogue import OFFERS, question_of, title_of
from infra.links import Links
from infra.mail.letter import Letter
from storage.records.orders import Order


def confirmation(installation: Installation, order: Order, seconds: float, now: datetime) -> Letter:
    """Return the letter that says that an order is being written, and how long that takes."""
    return to_customer(
        installation,
        order,
        "confirmation",
        now,
        titles=[title_of(product) for product in order["products"]],
        within=spoken_duration(_in_round_figures(seconds), language_of(installation, order)),
        url=Links(installation.settings).order(order["token"]),
    )


def details(installation: Installation, order: Order, now: datetime) -> Letter:
    """Return the letter that asks a customer for missing details."""
    url = Links(installation.settings).details(order["token"])
    questions = [question_of(order["product"], name) for name in order["missing"]]
    language = order["answers"].get("language") or language_of(installation, order)
    wanted = [in_language(question.words, language) for question in questions]
    return to_customer(installation, order, "details", now, wanted=wanted, url=url)


def delay(installation: Installation, order: Order, now: datetime) -> Letter:
    """Return the letter that says that an order is late and goes on."""
    url = Links(installation.settings).order(order["token"])
    promised = spoken_duration(OFFERS[order["product"] or ""].promise_s, language_of(installation, order))
    return to_customer(installation, order, "delay", now, promised=promised, url=url)


def _in_round_figures(seconds: float) -> int:
    """Round a time up, to five minutes up to an hour, then to hours."""
    step = 300 if seconds <= 3600 else 3600
    return max(1, ceil(seconds / step)) * step
