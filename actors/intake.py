"""From a signed event to an order: used by the webhook, and by the sweep for what the webhook left."""

import asyncio
import json
import secrets
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from actors.catalogue import CURRENCY, OFFERS, Offer
from actors.deps import Deps
from actors.engine.sending import new_message_id, send
from actors.session import CheckoutSession, answers_of
from infra.errors import TransientError
from storage.answers import find_answers
from storage.database import Document
from storage.dead_letters import record_dead_event
from storage.events import count_try, settle_event
from storage.orders import find_order, place_order
from storage.reports import open_report

log = structlog.get_logger()

_PLACES_ORDERS = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}
#: How often an event that fails is tried before an operator is asked.
_MAX_TRIES = 5
_PAID = {"paid", "no_payment_required"}


async def apply_event(deps: Deps, event_id: str, kind: str, raw: bytes) -> None:
    """Do what an event asks for, however often. TransientError leaves it to the sweep; nothing else is raised.

    What cannot be understood, or fails again and again, is a dead letter for an operator.
    """
    try:
        outcome = await _apply(deps, kind, raw)
    except TransientError:
        raise
    except msgspec.ValidationError as error:
        await _fail(deps, event_id, error)
    except Exception as error:  # noqa: BLE001  # one event must never keep the others from being applied
        log.error("event_failed", event_id=event_id, error=type(error).__name__)
        if await count_try(deps.db, event_id) >= _MAX_TRIES:
            await _fail(deps, event_id, error)
    else:
        await settle_event(deps.db, event_id, "applied" if outcome else "ignored")


async def _fail(deps: Deps, event_id: str, error: Exception) -> None:
    # The traceback's frames and types tell where; the error's own text may quote what a customer wrote.
    reason = str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("event_not_applied", event_id=event_id, reason=reason)
    await settle_event(deps.db, event_id, "failed", reason)
    await record_dead_event(deps.db, event_id, reason, trace, deps.clock.now())


async def _apply(deps: Deps, kind: str, raw: bytes) -> bool:
    event = json.loads(raw)
    if kind not in _PLACES_ORDERS or event.get("livemode") is not deps.settings.stripe_livemode:
        return False
    session = msgspec.convert(_object(event), CheckoutSession)
    if session.mode != "payment":
        return False
    await _place(deps, session, _created(event, deps.clock.now()))
    return True


async def _place(deps: Deps, session: CheckoutSession, at: datetime) -> None:
    """T2 and T3: write the order, then what stands in MongoDB decides what is begun."""
    reference = session.client_reference_id
    form = await find_answers(deps.db, reference) if reference else None
    fresh = _order(session, answers_of(session, form or {}), at, deps.clock.now())
    await place_order(deps.db, fresh)
    order = await find_order(deps.db, session.id)
    if order is None or order["paid_at"] is None or order["objection"] or order["missing"]:
        log.info("order_waits", order=session.id, reason=(order or fresh)["objection"] or "payment or details")
        return
    for product in order["products"]:
        await _open(deps, order, product)


async def _open(deps: Deps, order: Document, product: str) -> None:
    message = new_message_id()
    present = await open_report(deps.db, order, product, message, deps.clock.now())
    if present is None:
        log.info("order_placed", order=order["_id"], product=product)
        await send(deps, product, "begin_report", message, report=f"{order['_id']}:{product}")
    elif present["state"] == "queued":
        await _send_if_lost(deps, present)


async def _send_if_lost(deps: Deps, report: Document) -> None:
    try:
        held = await asyncio.to_thread(deps.broker.holds, report["product"], [report["message"]])
    except TransientError:
        return  # the sweep sends it when Redis is back
    if not held:
        await send(deps, report["product"], "begin_report", report["message"], report=report["_id"])


def _order(session: CheckoutSession, answers: dict[str, str], at: datetime, now: datetime) -> Document:
    offer = OFFERS.get(session.named("product") or "")
    objection = _objection(offer, session)
    return {
        "_id": session.id,
        "token": secrets.token_urlsafe(18),
        "tenant": "main",
        "product": offer.name if offer else None,
        "products": list(offer.reports) if offer else [],
        "run": dict.fromkeys(offer.reports, 1) if offer else {},
        "email": session.email,
        "answers": answers,
        "missing": _missing(offer, session, answers),
        "payment_intent": session.payment_intent_id,
        "amount_subtotal": session.amount_subtotal,
        "currency": session.currency,
        "paid_at": at if session.payment_status in _PAID else None,
        "placed_at": now,
        "stored": [],
        "stored_at": None,
        "letter": None,
        "delivered_at": None,
        "on_hold": False,
        "objection": objection,
        "attention": objection,
    }


def _objection(offer: Offer | None, session: CheckoutSession) -> str | None:
    if (session.named("tenant") or "main") != "main":
        return "The session names a tenant that is not known here."
    if offer is None:
        return "The session names no product that is sold here."
    if (session.amount_subtotal, session.currency) != (offer.price, CURRENCY):
        return f"The session's price is not that of {offer.name}."
    return None


def _missing(offer: Offer | None, session: CheckoutSession, answers: dict[str, str]) -> list[str]:
    wanted = [name for name in (offer.needed if offer else ()) if not answers.get(name)]
    return wanted + ([] if session.email else ["email"])


def _object(event: dict[str, Any]) -> Any:
    data = event.get("data")
    return data.get("object") if isinstance(data, dict) else None


def _created(event: dict[str, Any], now: datetime) -> datetime:
    created = event.get("created")
    if isinstance(created, int) and 0 < created <= now.timestamp() + 300:
        return datetime.fromtimestamp(created, UTC)
    return now
