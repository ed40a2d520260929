"""Parses Stripe events into typed, checked facts. Has no side effects."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from actors.intake.session import ID, CheckoutSession, Id
from infra.foreign_json import member
from infra.settings import WebhookSettings
from infra.stripe.version import API_VERSION
from storage.database import Database
from storage.payments import (
    DISPUTE_ENDED,
    DISPUTE_LOST,
    DISPUTE_OPEN,
    note_dispute,
    note_failed_refund,
    note_refunded,
)

PAID = {"paid", "no_payment_required"}
_ENDED = {"checkout.session.async_payment_failed", "checkout.session.expired"}
_SESSION_EVENTS = {"checkout.session.completed", "checkout.session.async_payment_succeeded", *_ENDED}

_IS_ID = re.compile(ID)
_Cents = Annotated[int, Meta(ge=0, le=10**12)]
_Note = Callable[[Database, str], Awaitable[None]]


class Event(NamedTuple):
    """Recorded event, as bytes and, if they were read before, as its facts.

    `fetched` is its session as Stripe shows it in our version of the API, if Stripe was asked.
    """

    id: str
    kind: str
    raw: bytes
    body: dict[str, Any] | None = None
    fetched: Any = None


class SessionFact(NamedTuple):
    """State of a Checkout Session: paid or ended (unpaid) at that moment, or neither yet."""

    session: CheckoutSession
    paid_at: datetime | None
    ended_at: datetime | None


class PaymentFact(NamedTuple):
    """Fact about a payment. `note` writes it down, given the payment intent."""

    intent: str
    note: _Note


class NeedsRefetch(NamedTuple):
    """Session in the shape of another API version. It must be fetched in ours."""

    event: str


class NotForUs(NamedTuple):
    """Event that asks for nothing here. The reason is a sentence for an operator."""

    reason: str


Fact = SessionFact | PaymentFact | NeedsRefetch | NotForUs

#: The reason for which an event of the other mode, live or test, is ignored.
OTHER_MODE = "It is not of the mode that STRIPE_LIVEMODE says."


class _Intent(msgspec.Struct, frozen=True):
    id: Id


class _OfPayment(msgspec.Struct, frozen=True):
    payment_intent: Id | _Intent | None = None

    @property
    def intent(self) -> str | None:
        return self.payment_intent.id if isinstance(self.payment_intent, _Intent) else self.payment_intent


class _Charge(_OfPayment, frozen=True, kw_only=True):
    amount: _Cents
    amount_refunded: _Cents
    refunded: bool = False


class _Refund(_OfPayment, frozen=True, kw_only=True):
    id: Id
    amount: _Cents


class _Dispute(_OfPayment, frozen=True, kw_only=True):
    id: Id
    status: str


def read_event(settings: WebhookSettings, event: Event, now: datetime) -> Fact:
    """Return the facts of an event, or why it is not for us.

    ValidationError if it is for us and cannot be understood.
    """
    if event.kind not in EVENTS:
        return NotForUs("Events of its type mean nothing here.")
    body = json.loads(event.raw) if event.body is None else event.body
    if body.get("livemode") is not settings.stripe_livemode:
        return NotForUs(OTHER_MODE)
    if body.get("account") is not None:
        return NotForUs("It is of a connected account.")
    at = _created(body, now)
    if event.kind in _SESSION_EVENTS:
        if event.fetched is None and body.get("api_version") != API_VERSION:
            return NeedsRefetch(event.id)
        return _session_news(event.kind, object_of(body) if event.fetched is None else event.fetched, at)
    return _PAYMENT_EVENTS[event.kind](object_of(body), int(at.timestamp()))


def object_of(body: dict[str, Any]) -> Any:
    """Return the object that an event is about, or None."""
    return member(body, "data", "object")


def subjects_of(body: dict[str, Any]) -> list[str]:
    """Return the ids of the object that an event is about, and of its payment."""
    shown = object_of(body)
    intent = member(shown, "payment_intent")
    named = (member(shown, "id"), member(intent, "id") or intent)
    return [one for one in named if isinstance(one, str) and _IS_ID.fullmatch(one)]


def order_of(event: Event) -> str | None:
    """Return the id of the order that an event is about by itself. None if it only names a payment."""
    return next(iter(subjects_of(event.body or {})), None) if event.kind in _SESSION_EVENTS else None


def _session_news(kind: str, shown: Any, at: datetime) -> Fact:
    session = msgspec.convert(shown, CheckoutSession)
    if session.mode != "payment":
        return NotForUs("The mode of its session is not payment.")
    paid = session.payment_status in PAID
    return SessionFact(session, at if paid else None, at if kind in _ENDED else None)


def _refunded(shown: Any, at: int) -> Fact:
    charge = msgspec.convert(shown, _Charge)
    refunded = charge.amount if charge.refunded else charge.amount_refunded
    return _payment_news(charge, partial(note_refunded, charged=charge.amount, refunded=refunded, at=at))


def _refund_failed(shown: Any, at: int) -> Fact:
    refund = msgspec.convert(shown, _Refund)
    return _payment_news(refund, partial(note_failed_refund, refund=refund.id, amount=refund.amount, at=at))


def _disputed(shown: Any, at: int) -> Fact:
    del at  # the later of two facts about a dispute is the greater one, whenever it was said
    dispute = msgspec.convert(shown, _Dispute)
    word = _DISPUTE_OVER.get(dispute.status, DISPUTE_OPEN)
    return _payment_news(dispute, partial(note_dispute, dispute=dispute.id, word=word))


def _payment_news(told: _OfPayment, note: _Note) -> Fact:
    return NotForUs("It names no payment.") if told.intent is None else PaymentFact(told.intent, note)


#: https://docs.stripe.com/api/disputes/object#dispute_object-status. In all other states it is open. One is
#: prevented, as a rule, by giving the money back before it is filed. Stripe does not say that it always is, so an
#: operator looks.
_DISPUTE_OVER = {
    "won": DISPUTE_ENDED,
    "warning_closed": DISPUTE_ENDED,
    "lost": DISPUTE_LOST,
    "prevented": DISPUTE_LOST,
}

_PAYMENT_EVENTS: dict[str, Callable[[Any, int], Fact]] = {
    "charge.refunded": _refunded,
    "refund.failed": _refund_failed,
    "charge.dispute.created": _disputed,
    "charge.dispute.closed": _disputed,
}


#: The types of events that have a meaning here.
EVENTS = _SESSION_EVENTS | set(_PAYMENT_EVENTS)


def _created(body: dict[str, Any], now: datetime) -> datetime:
    created = body.get("created")
    if isinstance(created, int) and 0 < created <= now.timestamp() + 300:
        return datetime.fromtimestamp(created, UTC)
    return now
