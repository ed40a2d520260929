"""State of an order: derived from its facts, never stored, so that it cannot contradict them.

Stripe's facts only accumulate, in any order of its events: paid, ended unpaid, refunded, a refund failed,
disputed. Of ours some are taken back: a call to an operator once its cause is mended, a pause once an operator
resumes the order, and by a correction that the reports are stored and were delivered. The first line of the table
that holds is the state.
"""

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from storage.budget import is_paused
from storage.records.orders import Order
from storage.records.work import Report

OrderState = Literal[
    "awaiting_payment",
    "awaiting_details",
    "paid",
    "generating",
    "scheduled",
    "delivering",
    "delivered",
    "needs_attention",
    "refunded",
    "cancelled",
]

#: The reason for which an order's reports are handed out to nobody.
Withheld = Literal["refunded", "refunding", "disputed", "dispute_lost", "forgotten"]

#: The words to an operator about facts that need one.
REFUND_FAILED = "A refund failed: the customer does not have the money."
DISPUTE_LOST = "A dispute was lost: nothing is delivered."
#: The same about what customers ask for.
REQUESTS = {
    "remake": "Its customer asks for the one free remake, from corrected answers.",
    "withdrawal": "Its customer has withdrawn: the money may have to go back, on Stripe's own pages.",
}

_TABLE: tuple[tuple[OrderState, Callable[[Order], bool]], ...] = (
    ("refunded", lambda order: order["stopped"]),
    ("needs_attention", lambda order: order["refund_failed"]),
    ("cancelled", lambda order: order["paid_at"] is None and order["ended_at"] is not None),
    ("delivered", lambda order: order["delivered_at"] is not None),
    ("needs_attention", lambda order: attention_of(order) is not None),
    ("awaiting_payment", lambda order: order["paid_at"] is None),
    ("awaiting_details", lambda order: bool(order["missing"])),
    # A gift's letter is chosen on its day.
    ("scheduled", lambda order: "gift" in order and order["stored_at"] is not None and order["letter"] is None),
    ("delivering", lambda order: order["stored_at"] is not None),
)


def order_state(order: Order, begun: Collection[Report]) -> OrderState:
    """Return the state. `begun` are those of its reports that have a plan."""
    found = next((state for state, holds in _TABLE if holds(order)), None)
    return found or ("generating" if begun else "paid")


def attention_of(order: Order) -> str | None:
    """Return why an operator is needed, or None. A cause that was mended does not hide facts that need one."""
    if order["refund_failed"]:
        return REFUND_FAILED
    if order["attention"] is not None:
        return order["attention"]
    if is_paused(order):
        return order["pause"]["reason"]
    if order["dispute_lost"]:
        return DISPUTE_LOST
    return order["objection"] if order["paid_at"] is not None else None


def request_of(order: Order) -> str | None:
    """Return in words what the order's customer asks of an operator, or None."""
    return REQUESTS[order["request"]["kind"]] if "request" in order else None


def is_parked(order: Order, kind: str) -> bool:
    """Return whether steps of a kind stay where they are: all of a refunded order, the LLM's of a paused one.

    A forgotten order counts as refunded, and so does one that is withdrawn from until an operator sets that aside.
    """
    is_over = is_refunded(order) or is_withdrawn(order) or "forgotten_at" in order
    return is_over or (kind == "write" and is_paused(order))


def is_withdrawn(order: Order) -> bool:
    """Return whether an order that is not delivered is withdrawn from, and an operator has not settled that."""
    return order["delivered_at"] is None and "request" in order and order["request"]["kind"] == "withdrawal"


def is_forgotten(order: Order) -> bool:
    """Return whether an order's customer is forgotten, or is about to be at an operator's word."""
    return "forgotten_at" in order or "forget_asked_at" in order


def is_refunded(order: Order) -> bool:
    """Return whether all of an order's money went back, or that is decided and the bank has not sent it back."""
    return order["stopped"] or is_being_refunded(order)


def why_withheld(order: Order, *, keep_refunded: bool) -> Withheld | None:
    """Return why an order's reports are handed out by no page, link or mail. None if they may be handed out.

    With `keep_refunded`, a customer whose money came back after delivery keeps them.
    """
    kept = keep_refunded and was_delivered(order)
    reasons: tuple[tuple[Withheld, bool], ...] = (
        ("forgotten", is_forgotten(order)),
        ("refunded", order["stopped"] and not kept),
        ("dispute_lost", order["dispute_lost"]),
        ("disputed", order["on_hold"]),
        ("refunding", is_being_refunded(order)),
    )
    return next((reason for reason, holds in reasons if holds), None)


def was_delivered(order: Order) -> bool:
    """Return whether an order's reports were ever delivered, if only before a correction."""
    earlier = [one["delivered_at"] for one in order.get("corrections", ())]
    return any([order["delivered_at"], *earlier])


def is_being_refunded(order: Order) -> bool:
    """Return whether the money goes back, or went, as the order's end. The bank may send it back to us."""
    return order["letter"] == "refund" and not order["refund_failed"]


def readers_address(order: Order) -> str | None:
    """Return the address to which an order's reports go: that of a gift's recipient, else its customer's."""
    return order["gift"]["email"] if "gift" in order else order["email"]


def is_told(order: Order) -> bool:
    """Return whether another letter than a confirmation tells the customer how an order stands, or will.

    A gift's reports tell its recipient alone.
    """
    by_reports = "gift" not in order and (order["stored_at"] or order["letter"])
    return bool(by_reports or order["letter"] == "refund" or order.get("told"))


def may_begin(order: Order) -> bool:
    """Return whether an order's reports may be opened. It must be paid, not refunded, and lack nothing."""
    hindered = order["stopped"] or order["objection"] or order["missing"] or "forgotten_at" in order
    return order["paid_at"] is not None and not hindered


def amount_paid(order: Order) -> int | None:
    """Return what is paid for an order, with taxes and without discounts. None if that is unknown."""
    total = order.get("amount_total")
    return order["amount_subtotal"] if total is None else total


def paid_at(order: Order) -> datetime:
    """Return when an order was paid, or was placed if it is not paid yet."""
    return order["paid_at"] or order["placed_at"]


def paid_day(order: Order) -> date:
    """Return the day on which an order was paid, where it was sold. It stays the same when the setting changes."""
    return _day_of(order, paid_at(order))


def is_early(order: Order, now: datetime) -> bool:
    """Return whether an order is a gift that is not to be sent before its day, and that has not come."""
    return "gift" in order and order["delivered_at"] is None and now < order["gift"]["at"]


def gift_day(order: Order) -> date:
    """Return the day on which a gift is sent, where it was sold."""
    return _day_of(order, order["gift"]["at"])


def _day_of(order: Order, moment: datetime) -> date:
    name = order.get("timezone", "UTC")
    return moment.astimezone(UTC if name == "UTC" else ZoneInfo(name)).date()


def report_state(report: Report, counts: dict[tuple[str, str, str], int]) -> str:
    """Return the contract's word for a report: waiting, generating, stored or dead."""
    if report["state"] in {"stored", "dead"}:
        return report["state"]
    dead = any(n for (owner, _, state), n in counts.items() if owner == report["_id"] and state == "dead")
    if dead:
        return "dead"
    return "generating" if report["plan"] else "waiting"
