"""Cases 1 to 22 but for secrets: whose bytes these are, and from when."""

import math
import time
from collections.abc import Callable

import pytest

from tests.handlers.webhook_cases.cases import NOTHING, PATH, PLACED, as_bytes, left, mac_of, post, sign
from tests.pressroom import Pressroom
from tests.raw_http import answer, connected, head

#: From a moment and the valid MAC for it to the headers that are sent.
Forged = Callable[[int, str], list[str | bytes]]

FORGED: dict[str, Forged] = {
    "case-1 no header": lambda now, mac: [],
    "case-2 empty": lambda now, mac: [""],
    "case-3 garbage": lambda now, mac: ["hello"],
    "case-4 no t": lambda now, mac: [f"v1={mac}"],
    "case-5 no v1": lambda now, mac: [f"t={now}"],
    "case-6 only v0": lambda now, mac: [f"t={now},v0={mac}"],
    "case-7 a word for t": lambda now, mac: [f"t=now,v1={mac}"],
    "case-7 a float for t": lambda now, mac: [f"t={now}.0,v1={mac}"],
    "case-7 a t of 5,000 digits": lambda now, mac: [f"t={'1' * 5000},v1={mac}"],
    "case-8 two t": lambda now, mac: [f"t={now},t={now},v1={mac}"],
    "case-9 two headers": lambda now, mac: [f"t={now},v1={mac}"] * 2,
    "case-10 no ASCII in v1": lambda now, mac: [f"t={now},v1={'é' * 64}".encode()],
    "case-10 one letter too many": lambda now, mac: [f"t={now},v1={mac}".encode() + b"\xff"],
    "case-11 upper case": lambda now, mac: [f"t={now},v1={mac.upper()}"],
    "case-12 a blank after the comma": lambda now, mac: [f"t={now}, v1={mac}"],
    "case-13 leading zero": lambda now, mac: [f"t=0{now},v1={mac}"],
    "case-13 a blank before t": lambda now, mac: [f"t= {now},v1={mac}"],
    "case-13 a plus before t": lambda now, mac: [f"t=+{now},v1={mac}"],
    "case-13 an underscore in t": lambda now, mac: [f"t={now:_},v1={mac}"],
    "case-13 full-width digits": lambda now, mac: [f"t={full_width(now)},v1={mac}".encode()],
    "case-14 17 signatures": lambda now, mac: [f"t={now}" + f",v1={mac}" * 17],
    "case-14 100 signatures": lambda now, mac: [f"t={now}" + f",v1={mac}" * 100],
}


def full_width(number: int) -> str:
    """Return a number in digits that `int` reads and that are not ASCII."""
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in str(number))


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_header_that_stripe_does_not_write_leaves_nothing(door: Pressroom, forged: Forged) -> None:
    """Whatever is not exactly of Stripe's form is answered 400, also where its MAC is right."""
    body, now = as_bytes(door.event()), int(time.time())
    assert post(door, body, *forged(now, mac_of(door, body, now))).status == 400
    assert left(door) == NOTHING


def test_case_14_too_long_a_header(door: Pressroom) -> None:
    """A header of 1,000 signatures is answered 431 without looking at any of them."""
    body, now = as_bytes(door.event()), int(time.time())
    assert post(door, body, f"t={now}" + f",v1={mac_of(door, body, now)}" * 1000).status == 431
    assert left(door) == NOTHING


def test_case_14_too_long_a_header_in_parts(door: Pressroom) -> None:
    """It is 431 as well while only a part of it is here, as networks bring long headers."""
    signature = f"t={int(time.time())}" + f",v1={'0' * 64}" * 1000
    with connected(door.stack.urls.web) as opened:
        opened.sendall(head("POST", PATH, Stripe_Signature=signature)[:20_000])
        assert answer(opened).startswith(b"HTTP/1.1 431 ")
    assert left(door) == NOTHING


def test_case_14_sixteen_signatures(door: Pressroom) -> None:
    """As many signatures as Stripe sends at most are taken, wherever among them the right one stands."""
    body, now = as_bytes(door.event()), int(time.time())
    assert post(door, body, f"t={now}" + f",v1={'0' * 64}" * 15 + f",v1={mac_of(door, body, now)}").status == 200
    assert left(door) == PLACED


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(lambda ours: "whsec_other", id="case-17 another secret"),
        pytest.param(lambda ours: f"{ours}\n", id="case-18 the secret and a newline"),
    ],
)
def test_another_secret_leaves_nothing(door: Pressroom, secret: Callable[[str], str]) -> None:
    """What was signed with any other secret is answered 400."""
    body = as_bytes(door.event())
    signature = sign(door, body, secret=secret(door.stack.env["STRIPE_WEBHOOK_SECRET"]))
    assert post(door, body, signature).status == 400
    assert left(door) == NOTHING


@pytest.mark.parametrize(
    "ahead_s",
    [
        pytest.param(-301, id="case-20 301 s old"),
        pytest.param(301, id="case-21 301 s ahead"),
        pytest.param(365 * 86_400, id="case-21 a year ahead"),
    ],
)
def test_a_signature_of_another_time_leaves_nothing(door: Pressroom, ahead_s: int) -> None:
    """A signature from more than five minutes ago or ahead is answered 400, though its MAC is right."""
    body, now = as_bytes(door.event()), time.time()
    at = (math.ceil(now) if ahead_s > 0 else math.floor(now)) + ahead_s
    assert post(door, body, sign(door, body, at)).status == 400
    assert left(door) == NOTHING


@pytest.mark.parametrize("ahead_s", [pytest.param(-290, id="case-22 of 290 s ago"), 290])
def test_a_replayed_request_makes_no_second_report(door: Pressroom, ahead_s: int) -> None:
    """The same bytes with the same signature are taken twice within five minutes, and placed once."""
    body = as_bytes(door.event())
    signature = sign(door, body, int(time.time()) + ahead_s)
    assert [post(door, body, signature).status for _ in range(2)] == [200, 200]
    assert left(door) == PLACED
