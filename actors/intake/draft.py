"""Drafts an order as it is first written: from a session, our form's answers and the catalogue."""

import secrets
from datetime import datetime, timedelta

from actors.deps.intake import IntakeDeps
from actors.intake.answers import plain_answers, unread_answers
from actors.intake.events import SessionFact
from actors.intake.session import CheckoutSession, written_answers
from actors.mail.brand import colours_of
from actors.products.birth import is_time_in_doubt
from actors.products.catalogue import CURRENCY, Offer, offer_of, questions_of
from actors.products.questions import BIRTH_TIME
from infra.speech.say import nearest
from infra.tenants import MAIN, Tenants, is_tenant_id
from storage.orders import new_order
from storage.records.orders import Errand, Form, Order, Purchase

#: The time after which Stripe is asked about a payment that takes days. It tells us of its end itself.
_PAID_WITHIN = timedelta(days=3)
#: The objection to an order that may still be identified by its price.
NO_PRODUCT = "The session names no product that is sold here."


def draft_order(deps: IntakeDeps, news: SessionFact, form: Form | None, now: datetime) -> Order:
    """Return the order of a session, with a token of its own."""
    session, token = news.session, secrets.token_urlsafe(18)
    order = new_order(session.id, token, purchase_of(deps, session, form, now), now)
    order |= {
        "email": session.email,
        "locale": nearest(form.get("locale") if form else None, session.locale),
        "reference": session.reference,
        "payment_intent": session.payment_intent_id,
        "amount_subtotal": session.amount_subtotal,
        "amount_total": session.amount_total,
        "amount_tax": session.amount_tax,
        "currency": session.currency,
        "paid_at": news.paid_at,
        "ended_at": news.ended_at,
    }
    if form is not None and "consent" in form:
        order["consent"] = form["consent"]
    if form is not None and "gift" in form:
        order["gift"] = form["gift"]
    order["errands"] = _first_errands(news, offer_of(session.product), now)
    if order["errands"]:
        order["errands_at"] = min(order["errands"].values())
    return order


def _first_errands(news: SessionFact, offer: Offer | None, now: datetime) -> dict[Errand, datetime]:
    if news.ended_at is not None:
        return {"retire_order": news.ended_at}
    if news.paid_at is None:
        return {"check_payment": now + _PAID_WITHIN}
    return {"check_promise": news.paid_at + timedelta(seconds=offer.promise_s)} if offer is not None else {}


def _tenant_of(session: CheckoutSession) -> str:
    return MAIN if session.tenant is None else session.tenant


def purchase_of(deps: IntakeDeps, session: CheckoutSession, form: Form | None, now: datetime) -> Purchase:
    """Return the purchase: brand, product, reports, answers, and the details that are missing or wrong."""
    offer = offer_of(session.product)
    named = _tenant_of(session)
    tenant = deps.tenants.of(named)
    questions = questions_of(offer)
    written = written_answers(session, form["answers"] if form else {}, questions)
    answers = plain_answers(questions, written, now)
    if is_time_in_doubt(answers):
        # Here nobody can be asked which of two times it was: it counts as not told, and operators see it unread.
        del answers[BIRTH_TIME.id]
    return {
        # A name that cannot be a tenant's belongs to no tenant, and may be anything. The raw event keeps it.
        "tenant": named if is_tenant_id(named) else MAIN,
        # As they are now: a report is never set in two sets of them, never has two days, and keeps its bytes.
        "colours": colours_of(tenant),
        "timezone": tenant.timezone or deps.settings.timezone,
        "ai_notice": deps.settings.ai_notice,
        "product": offer.name if offer else None,
        "products": list(offer.reports) if offer else [],
        "run": dict.fromkeys(offer.reports, 1) if offer else {},
        "answers": answers,
        "unread": unread_answers(questions, written, answers),
        "missing": _missing(offer, answers, session.email),
        "objection": _objection(deps.tenants, offer, session),
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
