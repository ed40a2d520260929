"""Objects of Stripe, with the fields that matter where a fixed amount is paid once."""

import copy
import secrets
import time

from infra.local.stripe.wire import Json, as_list


def new_id(prefix: str) -> str:
    """Return an id that looks like Stripe's."""
    return prefix + secrets.token_hex(24)


def new_product(form: Json) -> Json:
    """Return a product with a name."""
    return _new("product", "prod_", name=form["name"])


def new_price(form: Json, product: str) -> Json:
    """Return a product's price; a shop finds it by its lookup key."""
    amount, currency = int(form["unit_amount"]), form["currency"]
    lookup_key = form.get("lookup_key")
    return _new(
        "price",
        "price_1",
        currency=currency,
        lookup_key=lookup_key,
        product=product,
        tax_behavior=form.get("tax_behavior", "unspecified"),
        unit_amount=amount,
    )


def new_line_item(price: Json, name: str, quantity: int) -> Json:
    """Return a line: so many of a product at its price."""
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li_1"),
        "object": "item",
        "amount_subtotal": total,
        "amount_total": total,
        "currency": price["currency"],
        "description": name,
        "price": price,
        "quantity": quantity,
    }


def new_session(form: Json, items: list[Json], page_base: str) -> Json:
    """Return an open Checkout Session with its line items."""
    total = sum(item["amount_total"] for item in items)
    session = _new(
        "checkout.session",
        "cs_test_a1",
        allow_promotion_codes=form.get("allow_promotion_codes") == "true" or None,
        automatic_tax={"enabled": form.get("automatic_tax", {}).get("enabled") == "true"},
        amount_subtotal=total,
        amount_total=total,
        cancel_url=form.get("cancel_url"),
        client_reference_id=form.get("client_reference_id"),
        currency=items[0]["currency"],
        custom_fields=[],
        customer=None,
        customer_details=None,
        customer_email=form.get("customer_email"),
        locale=form.get("locale"),
        metadata=form.get("metadata", {}),
        mode="payment",
        payment_intent=None,
        payment_status="unpaid",
        status="open",
        success_url=form["success_url"],
        tax_id_collection={"enabled": form.get("tax_id_collection", {}).get("enabled") == "true"},
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    )
    session["expires_at"] = session["created"] + 24 * 3600
    session["line_items"] = as_list(items, f"/v1/checkout/sessions/{session['id']}/line_items")
    session["url"] = f"{page_base}/pay/{session['id']}"
    return session


def without_items(one: Json) -> Json:
    """Return an object as it is shown unless its line items are asked for."""
    return {field: value for field, value in one.items() if field != "line_items"}


def new_charge(session: Json) -> Json:
    """Return a charge: the money that a session brought in."""
    return _new(
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
    """Return a refund: money on its way back."""
    metadata, reason = form.get("metadata", {}), form.get("reason")
    of = _of(charge)
    return _new("refund", "re_", amount=amount, metadata=metadata, reason=reason, status="succeeded", **of)


def new_dispute(charge: Json, reason: str) -> Json:
    """Return a dispute: the whole charge, called into question by the payer's bank."""
    return _new("dispute", "dp_", amount=charge["amount"], reason=reason, status="needs_response", **_of(charge))


def new_event(kind: str, about: Json, previous: Json | None, api_version: str) -> Json:
    """Return an event about an object as it is now, with the former values of changed fields if given."""
    told = {} if previous is None else {"previous_attributes": previous}
    return _new(
        "event",
        "evt_1",
        api_version=api_version,
        data={"object": copy.deepcopy(without_items(about)), **told},
        pending_webhooks=0,
        request={"id": None, "idempotency_key": None},
        type=kind,
    )


def new_endpoint(url: str, api_version: str, change: Json) -> Json:
    """Return an enabled webhook endpoint for all events, but for the fields in `change`."""
    endpoint = _new(
        "webhook_endpoint",
        "we_1",
        api_version=api_version,
        application=None,
        description=None,
        enabled_events=["*"],
        metadata={},
        status="enabled",
        url=url,
    )
    return {**endpoint, **change}


def _new(kind: str, prefix: str, **fields: object) -> Json:
    return {"id": new_id(prefix), "object": kind, "created": int(time.time()), "livemode": False, **fields}


def _of(charge: Json) -> Json:
    return {"charge": charge["id"], "currency": charge["currency"], "payment_intent": charge["payment_intent"]}
