"""Letters of an order that failed, was refunded or was withdrawn from: its state, and that of the money."""

from datetime import datetime

from actors.mail.brand import Installation, language_of
from actors.mail.formatting import spoken_moment, written_amount
from actors.mail.letterhead import to_customer
from infra.mail.letter import Letter
from storage.order_state import paid_at
from storage.records.orders import Order


def failure(installation: Installation, order: Order, now: datetime) -> Letter:
    """Return the letter that says that an order failed, and what happens next."""
    return to_customer(installation, order, "failure", now)


def refund(installation: Installation, order: Order, now: datetime) -> Letter:
    """Return the letter that says that an order is refunded in full, and how much that is."""
    amount = written_amount(order["amount_refunded"], order["currency"] or "", language_of(installation, order))
    return to_customer(installation, order, "refund", now, amount=amount, withdrawn="withdrawn_at" in order)


def withdrawal(installation: Installation, order: Order, at: datetime, now: datetime) -> Letter:
    """Return the receipt for a withdrawal from the contract: what was declared, and when."""
    zone, language = order.get("timezone", "UTC"), language_of(installation, order)
    return to_customer(
        installation,
        order,
        "withdrawal",
        now,
        received=spoken_moment(at, zone, language),
        paid=spoken_moment(paid_at(order), zone, language),
        refunding=order["letter"] == "refund",
    )
