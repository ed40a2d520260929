"""Stripe's objects, with the fields that say something where a fixed amount is paid once, and its lists."""

import copy
import operator
import secrets
import time
from collections.abc import Iterable
from itertools import dropwhile
from typing import Any

Json = dict[str, Any]

_RANGES = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def new_id(prefix: str) -> str:
    """An id that looks like Stripe's."""
    return prefix + secrets.token_hex(24)


def read_form(pairs: Iterable[tuple[str, str]]) -> Json:
    """Nested dicts of strings, lists by number: `line_items[0][price_data][currency]=usd` and the like."""
    form: Json = {}
    for key, value in pairs:
        *above, last = key.replace("]", "").split("[")
        place = form
        for step in above:
            place = place.setdefault(step, {})
        place[last or str(len(place))] = value
    return form


def new_session(form: Json, page_base: str) -> Json:
    """An open Checkout Session with its line items."""
    key, now = new_id("cs_test_a1"), int(time.time())
    items = [_line_item(item) for item in form["line_items"].values()]
    total = sum(item["amount_total"] for item in items)
    return {
        "id": key,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": form.get("cancel_url"),
        "client_reference_id": form.get("client_reference_id"),
        "created": now,
        "currency": items[0]["currency"],
        "custom_fields": [],
        "customer": None,
        "customer_details": None,
        "customer_email": form.get("customer_email"),
        "expires_at": now + 24 * 3600,
        "line_items": _list(items, f"/v1/checkout/sessions/{key}/line_items"),
        "livemode": False,
        "metadata": form.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "success_url": form["success_url"],
        "url": f"{page_base}/pay/{key}",
    }


def complete_session(session: Json, email: str) -> None:
    """Paid: the session holds the payer's address and its payment."""
    session["customer_details"] = {"address": None, "email": email, "name": None, "phone": None}
    session["payment_intent"] = new_id("pi_")
    session["status"], session["payment_status"], session["url"] = "complete", "paid", None


def without_items(session: Json) -> Json:
    """A session as it is shown to those who do not ask for its line items."""
    return {field: value for field, value in session.items() if field != "line_items"}


def new_event(kind: str, about: Json) -> Json:
    """An event about an object as it is now."""
    return {
        "id": new_id("evt_1"),
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": copy.deepcopy(about)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def list_page(objects: list[Json], asked: Json, url: str) -> Json:
    """One page of these objects (given oldest first), the newest first.

    Understood are `limit`, `starting_after`, `created` by `gt gte lt lte`, `status`, `payment_intent`, `type`,
    `types` and `delivery_success`.
    """
    chosen = [one for one in reversed(objects) if _fits(one, asked)]
    if after := asked.get("starting_after"):
        chosen = list(dropwhile(lambda one: one["id"] != after, chosen))[1:]
    limit = min(int(asked.get("limit", 10)), 100)
    return _list(chosen[:limit], url, has_more=len(chosen) > limit)


def _fits(one: Json, asked: Json) -> bool:
    delivered = str(one.get("pending_webhooks") == 0).lower()
    return (
        all(asked.get(field) in (None, one.get(field)) for field in ("status", "payment_intent", "type"))
        and ("types" not in asked or one["type"] in asked["types"].values())
        and asked.get("delivery_success") in (None, delivered)
        and all(_RANGES[how](one["created"], int(at)) for how, at in asked.get("created", {}).items())
    )


def _list(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def _line_item(given: Json) -> Json:
    price, quantity = given["price_data"], int(given["quantity"])
    amount, currency = int(price["unit_amount"]), price["currency"]
    return {
        "id": new_id("li_1"),
        "object": "item",
        "amount_subtotal": amount * quantity,
        "amount_total": amount * quantity,
        "currency": currency,
        "description": price["product_data"]["name"],
        "price": {"id": new_id("price_1"), "object": "price", "currency": currency, "unit_amount": amount},
        "quantity": quantity,
    }
