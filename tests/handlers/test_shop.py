"""The shop's pages: what is offered, and a form that asks for what the report needs."""

from datetime import UTC, datetime, timedelta

import pytest

from actors.mail.formatting import spoken_duration
from actors.products.catalogue import OFFERS, Offer
from tests import plain_http
from tests.pressroom import Pressroom

FORM = {"product": "personal_horoscope", "name": "Ada", "birth_date": "1988-04-17", "birth_place": "London"}


def test_the_shop_offers_every_product(front_door: Pressroom) -> None:
    """The first page leads to each product, with its price and when it is promised."""
    home = plain_http.get(front_door.stack.urls.web).text
    for offer in OFFERS.values():
        card = home.split(f'href="/products/{offer.name}"')[1].split("</a>")[0]
        assert offer.title in card
        assert f"{offer.price / 100:.2f} US dollars" in card
        assert f"within {spoken_duration(offer.promise_s)}" in card


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS.keys())
def test_a_products_form_asks_for_what_it_needs_and_no_more(front_door: Pressroom, offer: Offer) -> None:
    """Each needed answer has one field of its kind, and all of them must be filled in."""
    form = plain_http.get(f"{front_door.stack.urls.web}/products/{offer.name}").text.split("<form")[1]
    fields = [part.split(">")[0] for part in form.replace("<textarea", "<input").split("<input")[2:]]
    assert [field.split('name="')[1].split('"')[0] for field in fields] == list(offer.needed)
    assert all("required" in field for field in fields)
    assert ['type="date"' in field for field in fields] == [name == "birth_date" for name in offer.needed]


@pytest.mark.parametrize("birth_date", ["", "17.4.1988", "1988-02-30", "0988-04-17", "tomorrow"])
def test_a_birth_date_that_cannot_be_one_is_asked_for_again(front_door: Pressroom, birth_date: str) -> None:
    """A date that is none, too long ago or in the future is not sent to the till; the other answers are kept."""
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    given = {**FORM, "birth_date": tomorrow if birth_date == "tomorrow" else birth_date}
    answer = plain_http.post(f"{front_door.stack.urls.web}/checkout", data=given)
    assert answer.status_code == 422
    assert 'value="London"' in answer.text


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(60, "1 minute"), (1800, "30 minutes"), (3600, "1 hour"), (10800, "3 hours")]
)
def test_a_promise_is_spoken_in_minutes_or_hours(seconds: int, spoken: str) -> None:
    """What the shop says of a promise is short."""
    assert spoken_duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == spoken
