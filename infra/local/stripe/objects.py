"""Stripe's objects, with the fields that say something where a fixed amount is paid once."""

import copy
import secrets
import time

from infra.local.stripe.wire import Json

_API_VERSION = "2026-10-28.endive"


def new_id(prefix: str) -> str:
    """An id that looks like Stripe's."""
    return prefix + secrets.token_hex(24)


def new_object(kind: str, prefix: str, **fields: object) -> Json:
    """An object of that kind, made now, with an id that begins so and these fields."""
    return {"id": new_id(prefix), "object": kind, "created": int(time.time()), "livemode": False, **fields}


def without_items(one: Json) -> Json:
    """An object as it is shown to those who do not ask for its line items."""
    return {field: value for field, value in one.items() if field != "line_items"}


def new_charge(session: Json) -> Json:
    """The money that a session brought in."""
    return new_object(
        "charge",
        "ch_",
        amount=session["amount_total"],
        amount_captured=session["amount_total"],
        amount_refunded=0,
        captured=True,
        currency=session["currency"],
        disputed=False,
        metadata={},
        paid=True,
        payment_intent=session["payment_intent"],
        refunded=False,
        status="succeeded",
    )


def new_refund(charge: Json, amount: int, form: Json) -> Json:
    """Money on its way back."""
    return new_object(
        "refund",
        "re_",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=form.get("metadata", {}),
        payment_intent=charge["payment_intent"],
        reason=form.get("reason"),
        status="succeeded",
    )


def new_event(kind: str, about: Json, previous: Json | None = None) -> Json:
    """An event about an object as it is now, with the former values of what changed if they are told."""
    told = {} if previous is None else {"previous_attributes": previous}
    return new_object(
        "event",
        "evt_1",
        api_version=_API_VERSION,
        data={"object": copy.deepcopy(without_items(about)), **told},
        pending_webhooks=1,
        request={"id": None, "idempotency_key": None},
        type=kind,
    )
