"""Checkout Sessions: made from what the caller sends, completed when somebody pays."""

import time
from typing import Any

from infra.local.stripe_stub.errors import StripeStubError, missing
from infra.local.stripe_stub.forms import Json
from infra.local.stripe_stub.ids import new_id

_OPEN_FOR_S = 24 * 3600


def new_session(form: Json, page_base: str) -> tuple[Json, list[Json]]:
    """An open session and its line items. A 400 in Stripe's words if something needed is missing or unsound."""
    for param in ("mode", "success_url", "line_items"):
        if not form.get(param):
            raise missing(param)
    if form["mode"] != "payment":
        raise StripeStubError(400, "This stub knows only mode=payment.", param="mode")
    items = [_line_item(index, item) for index, item in enumerate(form["line_items"])]
    return _session(form, page_base, items), items


def complete_session(session: Json, email: str, fields: dict[str, str]) -> None:
    """Paid: the session holds the payer's address, the answers to its fields, and its payment."""
    session["status"], session["payment_status"] = "complete", "paid"
    session["payment_intent"] = new_id("pi_")
    session["url"] = None
    session["customer_details"] = _customer(email)
    for field in session["custom_fields"]:
        if field["key"] in fields:
            field[field["type"]]["value"] = fields[field["key"]]


def _session(form: Json, page_base: str, items: list[Json]) -> Json:
    key = new_id("cs_test_a1", 56)
    now = int(time.time())
    total = sum(item["amount_total"] for item in items)
    email = form.get("customer_email")
    return {
        "id": key,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": form.get("cancel_url"),
        "client_reference_id": form.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": items[0]["currency"],
        "currency_conversion": None,
        "custom_fields": [_custom_field(field) for field in form.get("custom_fields", [])],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": _customer(email) if email else None,
        "customer_email": email,
        "discounts": [],
        "expires_at": now + _OPEN_FOR_S,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": form.get("locale"),
        "metadata": dict(form.get("metadata", {})),
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": form.get("submit_type"),
        "subscription": None,
        "success_url": form["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{page_base}/pay/{key}",
        "wallet_options": None,
    }


def _customer(email: str) -> Json:
    empty = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "address": empty,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _line_item(index: int, given: Json) -> Json:
    where = f"line_items[{index}]"
    price = given.get("price_data")
    if price is None:
        raise StripeStubError(
            400,
            "This stub keeps no prices; give price_data.",
            code="parameter_missing",
            param=f"{where}[price_data]",
        )
    if "currency" not in price:
        raise missing(f"{where}[price_data][currency]")
    amount = _whole(price.get("unit_amount"), f"{where}[price_data][unit_amount]")
    quantity = _whole(given.get("quantity"), f"{where}[quantity]")
    product = price.get("product_data", {})
    return {
        "id": new_id("li_1"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount * quantity,
        "amount_tax": 0,
        "amount_total": amount * quantity,
        "currency": price["currency"].lower(),
        "description": product.get("name", ""),
        "price": _price(price, amount),
        "quantity": quantity,
    }


def _price(given: Json, amount: int) -> Json:
    return {
        "id": new_id("price_1"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": int(time.time()),
        "currency": given["currency"].lower(),
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod_", 14),
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def _whole(given: Any, param: str) -> int:
    if given is None:
        raise missing(param)
    if not str(given).isdecimal():
        raise StripeStubError(400, f"Invalid integer: {given}", code="parameter_invalid_integer", param=param)
    return int(given)


def _custom_field(given: Json) -> Json:
    kind = given.get("type", "text")
    about: Json = {"default_value": None, "value": None}
    if kind == "dropdown":
        about["options"] = given.get("dropdown", {}).get("options", [])
    else:
        about |= {"maximum_length": None, "minimum_length": None}
    return {
        "key": given.get("key"),
        "label": {"custom": given.get("label", {}).get("custom"), "type": "custom"},
        "optional": given.get("optional") == "true",
        "type": kind,
        kind: about,
    }
