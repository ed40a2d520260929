"""Checkout Session as Stripe sends it: the fields that an order is made of, typed and capped."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from actors.intake.address import plain_email
from actors.products.questions import ANSWERS

#: A BCP 47 tag, as far as hyphenation and the writing need it.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
#: The number of characters of one answer that are used. The raw event keeps the rest.
_MAX_ANSWER = 2000
#: No living person was born before. An earlier year is a slip of the hand.
FIRST_BIRTH = date(1900, 1, 1)
#: Stripe's own bound on references.
_MAX_REFERENCE = 200


class CustomerDetails(msgspec.Struct, frozen=True):
    """Customer as Stripe's checkout describes them."""

    email: str | None = None


class CheckoutSession(msgspec.Struct, frozen=True):
    """Fields of a session that are read. ValidationError for one of another shape."""

    id: str
    mode: str
    payment_status: Literal["paid", "unpaid", "no_payment_required"]
    amount_subtotal: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    payment_intent: str | dict[str, Any] | None = None
    customer_details: CustomerDetails | None = None
    customer_email: str | None = None
    custom_fields: list[dict[str, Any]] = []
    metadata: dict[str, Any] | None = None
    line_items: dict[str, Any] | None = None

    @property
    def product(self) -> str | None:
        """The product: the metadata's value, else the lookup key of the first price, where that is shown."""
        return self.named("product") or self.lookup_key

    @property
    def names_product(self) -> bool:
        """Whether the metadata has a product, be it one that is sold here or not."""
        return bool((self.metadata or {}).get("product"))

    @property
    def tenant(self) -> str | None:
        """The tenant that the metadata names. None if there is none, and empty if what is there is no text."""
        given = (self.metadata or {}).get("tenant")
        return None if given in (None, "") else given if isinstance(given, str) else ""

    @property
    def lookup_key(self) -> str | None:
        """The lookup key of the first price. None if it has none, or the session is shown without its items."""
        items = (self.line_items or {}).get("data")
        price = items[0].get("price") if isinstance(items, list) and items and isinstance(items[0], dict) else None
        key = price.get("lookup_key") if isinstance(price, dict) else None
        return key if isinstance(key, str) else None

    @property
    def reference(self) -> str | None:
        """The id of our own form's answers. None if it is not one, since a payment link takes any text."""
        given = self.client_reference_id or ""
        return given if given.isascii() and given.isprintable() and 0 < len(given) <= _MAX_REFERENCE else None

    @property
    def email(self) -> str | None:
        """The address that the customer gave at the checkout, else the one that the session was made with."""
        return plain_email((self.customer_details and self.customer_details.email) or self.customer_email)

    def named(self, key: str) -> str | None:
        """Return the metadata value of that key, if it is text."""
        value = (self.metadata or {}).get(key)
        return value if isinstance(value, str) else None

    @property
    def payment_intent_id(self) -> str | None:
        """The id of the payment intent, expanded or not."""
        intent = self.payment_intent
        named = intent.get("id") if isinstance(intent, dict) else intent
        return named if isinstance(named, str) else None


def answers_of(session: CheckoutSession, form: dict[str, str], today: date) -> dict[str, str]:
    """Return the customer's answers: from our own form, else the checkout's own fields, else the metadata."""
    fields = {str(field.get("key")): _value(field) for field in session.custom_fields}
    given = {name: form.get(name) or fields.get(name) or session.named(name) for name in ANSWERS}
    return plain_answers(given, today)


def plain_answers(given: Mapping[str, str | None], today: date) -> dict[str, str]:
    """Return the known answers that can be used: printable, capped, without blanks around them.

    A text that is no language counts as not given. So does one that cannot be a date of birth, in ISO 8601.
    """
    answers = {name: _plain(given.get(name) or "") for name in ANSWERS}
    if not _LANGUAGE.fullmatch(answers["language"]):
        answers["language"] = ""
    if not _is_birth_date(answers["birth_date"], today):
        answers["birth_date"] = ""
    return {name: value for name, value in answers.items() if value}


def _is_birth_date(text: str, today: date) -> bool:
    try:
        return FIRST_BIRTH <= date.fromisoformat(text) <= today
    except ValueError:
        return False


def _value(field: dict[str, Any]) -> str | None:
    kind = field.get("type")
    holder = field.get(kind) if isinstance(kind, str) else None
    value = holder.get("value") if isinstance(holder, dict) else None
    return value if isinstance(value, str) else None


def _plain(value: str) -> str:
    kept = "".join(letter for letter in value if letter.isprintable() or letter in "\n\t\u200d\u200e\u200f")
    return kept.encode("utf-8", "ignore").decode()[:_MAX_ANSWER].strip()
