"""The shop's form for a gift: what it takes, what it asks again, and what becomes of it at the till."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import stripe

from tests import plain_http
from tests.pressroom import Pressroom

READER = "reader@gift.example"
FORM = {"product": "life_clarity", "name": "Grace", "question": "Whither?", "gift_address": READER}
TODAY = datetime.now(UTC).date()
DAY = (TODAY + timedelta(days=30)).isoformat()


def reviewed(door: Pressroom, **facts: str) -> tuple[int, str]:
    """Return the status and the words of the page that follows the form."""
    answer = plain_http.post(f"{door.door}/review", data={**FORM, **facts})
    return answer.status_code, unescape(answer.text.split("</style>")[1])


def test_a_gift_is_reviewed_and_becomes_the_orders_own(front_door: Pressroom) -> None:
    """Day and message are shown again; the order keeps them, and Stripe is told nothing of them."""
    given = {"gift_day": DAY, "gift_giver": "Ada\r\nBcc: a@b.example", "gift_message": "For <you>,\nwith love"}
    status, page = reviewed(front_door, **given)
    assert (status, READER in page, f"{int(DAY[-2:])} " in page) == (200, True, True)
    assert "not told" not in page
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    session = front_door.checkout({**hidden, "reviewed": "yes"})
    (form,) = front_door.db.answers.find({"session": session})
    assert form["answers"] == {"name": "Grace", "question": "Whither?"}
    assert (form["gift"]["giver"], form["gift"]["message"]) == ("Ada Bcc: a@b.example", "For <you>,\nwith love")
    assert form["gift"]["at"] == datetime.fromisoformat(f"{DAY}T08:00:00+00:00")
    addresses: Any = {"api": front_door.stack.env["STRIPE_API_BASE"]}
    client = stripe.StripeClient(front_door.stack.env["STRIPE_API_KEY"], base_addresses=addresses)
    told = str(client.v1.checkout.sessions.retrieve(session))
    assert not [one for one in (READER, "Ada", "love") if one in told]
    order = front_door.buy(client_reference_id=form["_id"])
    assert front_door.db.orders.find_one({"_id": order})["gift"] == form["gift"]  # type: ignore[index]
    shown = front_door.order(order)
    assert (shown["gift_at"], READER in str(shown)) == (f"{DAY}T08:00:00.000Z", False)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("gift_day", (TODAY - timedelta(days=2)).isoformat(), "from today to a year from now"),
        ("gift_day", (TODAY + timedelta(days=370)).isoformat(), "from today to a year from now"),
        ("gift_day", f"{TODAY.year + (2 if TODAY.year % 4 == 3 else 1)}-02-29", "from today to a year from now"),
        ("gift_address", "reader@", "Write a mail address"),
        ("gift_address", f"{READER}\r\nBcc: spy@elsewhere.example", "Write a mail address"),
        ("gift_address", f"{READER}, spy@elsewhere.example", "Write a mail address"),
        ("gift_address", " ", "Please fill this in."),
        ("gift_giver", "A" * 81, "Write at most 80 characters."),
        ("gift_message", "a" * 10_000, "Write at most 500 characters."),
    ],
)
def test_what_cannot_be_sent_is_asked_again(front_door: Pressroom, field: str, text: str, said: str) -> None:
    """The fold is open at the mistake, nothing else that was typed is lost, and nothing is kept of it."""
    given = {"gift_message": "With love", field: text}
    status, page = reviewed(front_door, **given)
    form = page.split("<form")[1]
    assert (status, said in form.split(f'id="{field}-mistake"')[1].split("</p>")[0]) == (422, True)
    assert '<details class="gift" open>' in form
    assert 'value="Grace"' in form
    assert plain_http.post(f"{front_door.door}/checkout", data={**FORM, **given}).status_code == 422
    assert front_door.db.answers.count_documents({"answers.question": text}) == 0


def test_a_slip_in_an_address_is_asked_about_and_never_mended_alone(front_door: Pressroom) -> None:
    """What is nearly a large provider's has a choice of two; each is taken as it was chosen."""
    given = {**FORM, "gift_address": "reader@gmial.com", "reviewed": "yes"}
    asked = plain_http.post(f"{front_door.door}/checkout", data=given)
    assert (asked.status_code, 'value="reader@gmail.com"' in asked.text) == (422, True)
    assert "GeoNames" not in asked.text
    for chosen, kept in (("reader@gmail.com", "reader@gmail.com"), ("as_written", "reader@gmial.com")):
        session = front_door.checkout({**given, "which_gift_address": chosen})
        (form,) = front_door.db.answers.find({"session": session})
        assert form["gift"]["email"] == kept


def test_without_an_address_nothing_is_a_gift(front_door: Pressroom) -> None:
    """The fold is closed, and the order is as it always was."""
    bare = {name: text for name, text in FORM.items() if name != "gift_address"}
    form = plain_http.get(f"{front_door.door}/products/life_clarity").text
    assert '<details class="gift">' in form
    session = front_door.checkout({**bare, "gift_day": "", "gift_giver": "", "gift_message": ""})
    (kept,) = front_door.db.answers.find({"session": session})
    assert "gift" not in kept
