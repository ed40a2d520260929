"""Drafts an order as it is first written: from a session, our form's answers and the catalogue."""

import secrets
from datetime import date, datetime, timedelta

from msgspec.structs import asdict

from actors.intake.events import SessionFact
from actors.intake.session import CheckoutSession, answers_of
from actors.products.catalogue import CURRENCY, OFFERS, Offer
from infra.tenants import MAIN, Tenants, is_tenant_id
from storage.database import Document
from storage.payments import PaymentState

#: The objection to an order that may still be identified by its price.
NO_PRODUCT = "The session names no product that is sold here."


def draft_order(tenants: Tenants, news: SessionFact, form: dict[str, str], now: datetime) -> Document:
    """Return the order of a session, with a token of its own."""
    session = news.session
    return {
        "_id": session.id,
        "token": secrets.token_urlsafe(18),
        **purchase_of(tenants, session, form, now.date()),
        "email": session.email,
        "reference": session.reference,
        "payment_intent": session.payment_intent_id,
        "amount_subtotal": session.amount_subtotal,
        "currency": session.currency,
        "paid_at": news.paid_at,
        "ended_at": news.ended_at,
        "placed_at": now,
        "stored": [],
        "stored_at": None,
        "letter": None,
        "delivered_at": None,
        "attention": None,
        "failed_at": None,
        **_promise(session, news.paid_at),
        "payment_version": 0,
        **PaymentState()._asdict(),
    }


def _brand(tenants: Tenants, session: CheckoutSession) -> Document:
    """Return the order's tenant and its colours as they are now: a report is never set in two sets of them."""
    tenant = _tenant_of(session)
    colours = tenants.of(tenant).colours
    # A name that cannot be a tenant's belongs to no tenant, and may be anything. The raw event keeps it.
    return {"tenant": tenant if is_tenant_id(tenant) else MAIN, "colours": colours and asdict(colours)}


def _promise(session: CheckoutSession, paid_at: datetime | None) -> Document:
    """Return the errand that watches over the promise of a paid order."""
    offer = OFFERS.get(session.product or "")
    if paid_at is None or offer is None:
        return {"errands": {}}
    promised_at = paid_at + timedelta(seconds=offer.promise_s)
    return {"errands": {"check_promise": promised_at}, "errands_at": promised_at}


def _tenant_of(session: CheckoutSession) -> str:
    return session.named("tenant") or MAIN


def purchase_of(tenants: Tenants, session: CheckoutSession, form: dict[str, str], today: date) -> Document:
    """Return the purchase: brand, product, reports, answers, and the details that are missing or wrong."""
    offer = OFFERS.get(session.product or "")
    answers = answers_of(session, form, today)
    return {
        **_brand(tenants, session),
        "product": offer.name if offer else None,
        "products": list(offer.reports) if offer else [],
        "run": dict.fromkeys(offer.reports, 1) if offer else {},
        "answers": answers,
        "missing": _missing(offer, answers, session.email),
        "objection": _objection(tenants, offer, session),
    }


def _objection(tenants: Tenants, offer: Offer | None, session: CheckoutSession) -> str | None:
    tenant = tenants.get(_tenant_of(session))
    if tenant is None:
        return "The session names a tenant that is not known here."
    if offer is None:
        return NO_PRODUCT
    if not tenant.sells(offer.name):
        return f"The tenant {tenant.id} does not sell {offer.name}."
    if (session.amount_subtotal, session.currency) != (offer.price, CURRENCY):
        return f"The session's price is not that of {offer.name}."
    return None


def _missing(offer: Offer | None, answers: dict[str, str], email: str | None) -> list[str]:
    wanted = [name for name in (offer.needed if offer else ()) if not answers.get(name)]
    return wanted + ([] if email else ["email"])
