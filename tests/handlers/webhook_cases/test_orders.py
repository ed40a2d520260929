"""Cases 66 to 79: sessions that no report can be made of yet, or that hold what nobody expects."""

import re
from typing import Any

import pytest

from tests import plain_http
from tests.handlers.webhook_cases.cases import (
    PLACED,
    accept,
    alerts,
    as_bytes,
    dispute_of,
    disputed,
    documents,
    left,
    one,
    refunded,
    session_of,
    shown,
)
from tests.pressroom import ANSWERS, Pressroom

UNKNOWN = {"bundle.identify_order": 1}
#: The event says no price. Stripe is asked whether it is ours.
ASKED = {"bundle.fetch_session": 1}
PRICED = {"data": [{"price": {"lookup_key": "pro_monthly"}}]}


@pytest.mark.parametrize(
    ("session", "asked"),
    [
        pytest.param({"metadata": {}}, ASKED, id="case-66 empty metadata"),
        pytest.param({"metadata": None}, ASKED, id="case-66 no metadata"),
        pytest.param({"metadata": {"invoice": "7", "tenant": "x"}}, ASKED, id="case-66 another shop's metadata"),
        pytest.param({"metadata": ANSWERS}, ASKED, id="case-66 answers and no product"),
        pytest.param({"metadata": {}, "line_items": PRICED}, {}, id="case-66 another shop's price"),
        pytest.param(
            {"metadata": {}, "client_reference_id": "customer-7"}, ASKED, id="case-66 another shop's reference"
        ),
    ],
)
def test_the_money_of_other_shops_is_left_alone(
    door: Pressroom, session: dict[str, Any], asked: dict[str, int]
) -> None:
    """The event is kept as ignored, with the reason. There is no order and no alert, also when it comes again."""
    event = door.event(**session)
    accept(door, event)
    assert left(door) == {"events": 1, **asked}
    accept(door, event, refunded(event, 1900), disputed(dispute_of(event)))
    assert documents(door) == {"events": 3, "payments": 1}
    assert {(one["state"], one["reason"]) for one in door.db.events.find()} == {
        ("ignored", "Nothing in it is ours.")
    }


@pytest.mark.parametrize(
    ("session", "asked"),
    [
        pytest.param({"metadata": {"tenant": "main"}}, UNKNOWN, id="case-67 a tenant of ours and no product"),
        pytest.param(
            {"metadata": {**ANSWERS, "product": {"a": 1}}}, UNKNOWN, id="case-67 a product that is no text"
        ),
        pytest.param({"metadata": {**ANSWERS, "product": "unheard_of"}}, UNKNOWN, id="case-67 unknown product"),
        pytest.param(
            {"metadata": ANSWERS, "line_items": {"data": [{"price": {"lookup_key": "unheard_of"}}]}},
            UNKNOWN,
            id="case-67 unknown price",
        ),
        pytest.param({"amount_subtotal": 1}, {}, id="case-68 another amount"),
        pytest.param({"amount_subtotal": None}, {}, id="case-68 no amount"),
        pytest.param({"currency": "eur"}, {}, id="case-68 another currency"),
        pytest.param(
            {"metadata": {**ANSWERS, "product": "life_clarity", "tenant": "x"}}, {}, id="case-67 unknown tenant"
        ),
        pytest.param(
            {"metadata": {**ANSWERS, "product": "life_clarity", "tenant": 5}},
            {},
            id="case-67 a number for a tenant",
        ),
        pytest.param(
            {"metadata": {**ANSWERS, "product": "life_clarity", "tenant": {"id": "main"}}},
            {},
            id="case-67 an object for a tenant",
        ),
    ],
)
def test_what_is_paid_and_not_sold_here_calls_an_operator(
    door: Pressroom, session: dict[str, Any], asked: dict[str, int]
) -> None:
    """The order is kept and put before an operator who is to be told; no report is begun."""
    event = door.event(**session)
    accept(door, event)
    assert left(door) == {"events": 1, "orders": 1, "alerts": 1, **asked}
    order = shown(door, session_of(event))
    assert order["state"] == "needs_attention"
    assert order["attention"]
    assert alerts(door) == [("needs_attention", session_of(event), None)]


def test_case_69_no_address(door: Pressroom) -> None:
    """An order without an address waits for it; the customer's form takes one, once, and then it begins."""
    event = door.event(customer_details=None, customer_email=None)
    accept(door, event)
    assert left(door) == {"events": 1, "orders": 1, "alerts": 1}
    order = door.order(session_of(event))
    assert order["state"] == "awaiting_details"
    form = order["url"] + "/details"
    asked = plain_http.get(form)
    assert asked.status_code == 200
    assert set(re.findall(r'name="(\w+)"', asked.text)) == {"viewport", "email", "reviewed"}
    for wrong in ("", "nobody", "two words@example.com"):
        assert plain_http.post(form, data={"email": wrong}).status_code == 422
    assert left(door) == {"events": 1, "orders": 1, "alerts": 1}
    for given in (door.email, "somebody@else.example"):
        assert plain_http.post(form, data={"email": given}).status_code == 200
    assert left(door) == {**PLACED, "alerts": 1}
    assert one(door, "orders")["email"] == door.email
    assert shown(door, session_of(event))["state"] == "paid"


def test_case_69_no_answers(door: Pressroom) -> None:
    """An order that lacks answers waits for them, and its customer is to be asked by mail."""
    accept(door, event := door.event(metadata={"product": "life_clarity"}))
    assert left(door) == {"events": 1, "orders": 1, "bundle.ask_details": 1}
    assert shown(door, session_of(event))["state"] == "awaiting_details"


@pytest.mark.parametrize("birth_date", ["17.4.1988", "1988-02-30", "1788-04-17", "2988-04-17", "soon"])
def test_a_birth_date_that_cannot_be_one_is_asked_for(door: Pressroom, birth_date: str) -> None:
    """Wherever it was written, a date that is none in ISO 8601, too long ago or to come counts as not given."""
    given = {**ANSWERS, "product": "personal_blueprint", "birth_date": birth_date}
    accept(door, event := door.event(metadata=given, amount_subtotal=4900))
    assert shown(door, session_of(event))["state"] == "awaiting_details"
    assert one(door, "orders")["missing"] == ["birth_date"]


@pytest.mark.parametrize(
    ("name", "used"),
    [
        pytest.param(
            "Zoë 🦊👩‍🚀 \u202eadA\u200f", "Zoë 🦊👩‍🚀 adA\u200f", id="case-70 emoji, right-to-left marks"
        ),
        pytest.param("n" * 5000, "n" * 2000, id="case-71 5,000 characters"),
        pytest.param("Ada\x00 Byron", "Ada Byron", id="case-71 NUL"),
    ],
)
def test_odd_names_are_kept_raw_and_used_plain(door: Pressroom, name: str, used: str) -> None:
    """The event keeps what was sent; the order holds what can be printed of it, capped."""
    event = door.event(metadata={**ANSWERS, "product": "life_clarity", "name": name})
    accept(door, event)
    assert left(door) == PLACED
    assert one(door, "events")["raw"] == as_bytes(event)
    assert one(door, "orders")["answers"]["name"] == used


def test_case_71_markup_is_escaped_where_shown(door: Pressroom) -> None:
    """What a customer wrote comes back on a page as text."""
    event = door.event(customer_details=None)
    accept(door, event)
    page = plain_http.post(
        shown(door, session_of(event))["url"] + "/details", data={"email": '"><script>x</script>'}
    )
    assert page.status_code == 422
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


ODD = {
    "case-72 NUL in a key": rb'"odd\u0000odd": "odd"',
    "case-73 a lone surrogate in a value": rb'"odd": "\ud800"',
    "case-73 a lone surrogate in a key": rb'"odd\udfff": "odd"',
    "case-73 a lone surrogate in an answer": rb'"language": "\ud800"',
    "case-74 an operator for a key": b'"$where": "odd", "$set": "odd"',
    "case-74 a path for a key": b'"odd.odd": "odd", "answers.name": "odd"',
    "case-75 an operator for a value": b'"odd": {"$ne": null}, "birth_date": {"$ne": null}',
    "case-77 more than 64 bits": b'"odd": 18446744073709551616, "birth_time": -9223372036854775809',
    "case-78 decimals": b'"odd": 0.1, "birth_place": 1e-7',
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_metadata_is_kept_raw_only(door: Pressroom, odd: bytes) -> None:
    """Of a customer's metadata the known keys are copied if they are text; the rest stays in the raw bytes."""
    body = as_bytes(door.event()).replace(b'"metadata": {', b'"metadata": {' + odd + b", ", 1)
    accept(door, body)
    assert left(door) == PLACED
    assert one(door, "events")["raw"] == body
    order = one(door, "orders")
    assert order["answers"] == ANSWERS
    assert "odd" not in repr((order, one(door, "reports")))


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(rb'"client_reference_id": "\ud800"', id="case-73 a lone surrogate for a reference"),
        pytest.param(rb'"client_reference_id": "\u0000"', id="case-72 NUL for a reference"),
        pytest.param(b'"client_reference_id": "$where"', id="case-74 an operator for a reference"),
    ],
)
def test_odd_references_find_nothing(door: Pressroom, field: bytes) -> None:
    """A reference that can be none of ours finds no form, and harms no order."""
    body = as_bytes(door.event()).replace(b'"client_reference_id": null', field, 1)
    accept(door, body)
    assert left(door) == PLACED


@pytest.mark.parametrize(
    "amount",
    [
        pytest.param("18446744073709551616", id="case-77 an amount of more than 64 bits"),
        pytest.param("19.5", id="case-78 a decimal amount"),
    ],
)
def test_an_amount_that_cannot_be_understood_calls_an_operator(door: Pressroom, amount: str) -> None:
    """An event that is for us and cannot be read is kept raw and failed, and an operator is to be told."""
    event = door.event(amount_subtotal="@")
    body = as_bytes(event).replace(b'"@"', amount.encode())
    accept(door, body)
    assert left(door) == {"events": 1, "alerts": 1, "dead_letters": 1}
    assert one(door, "events", state="failed")["raw"] == body
    assert alerts(door) == [("event_failed", None, event["id"])]


@pytest.mark.parametrize(
    "order",
    ["", "cs_1:life_clarity", "../../cs_1", "cs_1\n", f"cs_{'1' * 300}"],
    ids=["", ":", "/", "end", "long"],
)
def test_a_session_whose_id_is_none_calls_an_operator(door: Pressroom, order: str) -> None:
    """Its id would be a key and a part of names: an event with one that cannot be is failed, and told."""
    accept(door, event := door.event(id=order))
    assert left(door) == {"events": 1, "alerts": 1, "dead_letters": 1}
    assert alerts(door) == [("event_failed", None, event["id"])]


def test_a_session_may_say_null_for_fields_that_it_lacks(door: Pressroom) -> None:
    """Lists and objects of a session that are null count as not there."""
    lacks = ("custom_fields", "total_details", "line_items", "locale", "client_reference_id")
    accept(door, door.event(**dict.fromkeys(lacks)))
    assert left(door) == PLACED


def test_case_76_as_much_metadata_as_may_be(door: Pressroom) -> None:
    """Fifty keys of metadata with 500 characters each are no trouble."""
    metadata = {"product": "life_clarity", **ANSWERS}
    accept(door, door.event(metadata=metadata | {f"key_{number}": "v" * 500 for number in range(47)}))
    assert left(door) == PLACED


@pytest.mark.parametrize("mode", [pytest.param(mode, id=f"case-79 {mode}") for mode in ("setup", "subscription")])
def test_a_session_that_sells_nothing_makes_no_order(door: Pressroom, mode: str) -> None:
    """A session of another mode is kept as ignored, with the reason."""
    accept(door, door.event(mode=mode))
    assert left(door) == {"events": 1}
    kept = one(door, "events", state="ignored")
    assert kept["reason"] == "The mode of its session is not payment."
