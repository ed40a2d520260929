"""Checkout Session as Stripe sends it: the fields that an order is made of, typed and capped."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from infra.foreign_json import member, text_or_none
from infra.mail_address import plain_email

#: Ids become keys in MongoDB and parts of names in S3. Stripe's own have letters, digits and underscores.
ID = r"[A-Za-z0-9_-]{1,255}"
Id = Annotated[str, Meta(pattern=rf"^{ID}\Z")]
Amount = Annotated[int, Meta(ge=0, le=10**12)]
#: Stripe's own bound on references.
_MAX_REFERENCE = 200


class CustomerDetails(msgspec.Struct, frozen=True):
    """Customer as Stripe's checkout describes them."""

    email: str | None = None


class TotalDetails(msgspec.Struct, frozen=True):
    """What a session's total holds beside its items."""

    amount_tax: Amount | None = None


class CheckoutSession(msgspec.Struct, frozen=True):
    """Fields of a session that are read. ValidationError for one of another shape."""

    id: Id
    mode: str
    payment_status: Literal["paid", "unpaid", "no_payment_required"]
    amount_subtotal: Amount | None = None
    amount_total: Amount | None = None
    total_details: TotalDetails | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    payment_intent: str | dict[str, Any] | None = None
    customer_details: CustomerDetails | None = None
    customer_email: str | None = None
    custom_fields: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    locale: str | None = None
    line_items: dict[str, Any] | None = None

    @property
    def product(self) -> str | None:
        """The product: the metadata's value, else the lookup key of the first price, where that is shown."""
        return self.named("product") or self.lookup_key

    @property
    def names_product(self) -> bool:
        """Whether the metadata has a product, be it one that is sold here or not."""
        return member(self.metadata, "product") not in (None, "")

    @property
    def tenant(self) -> str | None:
        """The tenant that the metadata names. None if there is none, and empty if what is there is no text."""
        given = member(self.metadata, "tenant")
        return None if given in (None, "") else text_or_none(given) or ""

    @property
    def lookup_key(self) -> str | None:
        """The lookup key of the first price. None if it has none, or the session is shown without its items."""
        items = member(self.line_items, "data")
        first = items[0] if isinstance(items, list) and items else None
        return text_or_none(member(first, "price", "lookup_key"))

    @property
    def reference(self) -> str | None:
        """The id of our own form's answers. None if it is not one, since a payment link takes any text."""
        given = self.client_reference_id or ""
        return given if given.isascii() and given.isprintable() and 0 < len(given) <= _MAX_REFERENCE else None

    @property
    def amount_tax(self) -> int | None:
        """The tax in the total. None if the session does not say both."""
        if self.amount_total is None or self.total_details is None:
            return None
        return self.total_details.amount_tax

    @property
    def email(self) -> str | None:
        """The address that the customer gave at the checkout, else the one that the session was made with."""
        return plain_email((self.customer_details and self.customer_details.email) or self.customer_email)

    def named(self, key: str) -> str | None:
        """Return the metadata value of that key, if it is text."""
        return text_or_none(member(self.metadata, key))

    @property
    def payment_intent_id(self) -> str | None:
        """The id of the payment intent, expanded or not."""
        return text_or_none(member(self.payment_intent, "id") or self.payment_intent)


def written_answers(
    session: CheckoutSession, form: dict[str, str], names: Collection[str]
) -> dict[str, str | None]:
    """Return what the customer wrote: in our own form, else in the checkout's own fields, else in the metadata."""
    fields = _answers_in_fields(session, names)
    return {name: form.get(name) or fields.get(name) or session.named(name) for name in names}


def _answers_in_fields(session: CheckoutSession, names: Collection[str]) -> dict[str, str | None]:
    """Return the answers in the checkout's own fields, by name. Stripe takes no `_` in their keys: birthDate.

    Of two keys that are alike the answer's own name goes first, then the earlier one.
    """
    given = {str(field.get("key")): _value(field) for field in session.custom_fields or ()}
    alike = {_bare(key): value for key, value in reversed(given.items()) if value}
    return {name: given.get(name) or alike.get(_bare(name)) for name in names}


def _bare(key: str) -> str:
    return key.replace("_", "").lower()


def _value(field: dict[str, Any]) -> str | None:
    kind = text_or_none(field.get("type")) or ""
    return text_or_none(member(field, kind, "value"))
