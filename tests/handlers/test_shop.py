"""The shop's pages: what is offered, and a form that asks for what the report needs."""

import re
import struct
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from actors.intake.gift import gift_questions
from actors.mail.formatting import shown_price, spoken_duration
from actors.products.catalogue import OFFERS, Offer
from infra.local.stack import Stack
from tests import plain_http
from tests.ports import free_ports
from tests.pressroom import WITH_TEST_PRODUCTS, Pressroom
from tests.products.field_notes.product import PRODUCT as FIELD_NOTES

FORM = {"product": "personal_horoscope", "name": "Ada", "birth_date": "1988-04-17", "birth_place": "London"}


def test_the_shop_offers_every_product(front_door: Pressroom) -> None:
    """The first page leads to each product, with its price and when it is promised."""
    home = plain_http.get(front_door.stack.urls.web).text
    for offer in OFFERS.values():
        card = home.split(f'href="/products/{offer.name}"')[1].split("</a>")[0]
        assert offer.title in card
        assert f">${offer.price // 100}<" in card
        assert f"within {spoken_duration(offer.promise_s)}" in card


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS.keys())
def test_a_products_form_asks_its_questions_and_no_more(front_door: Pressroom, offer: Offer) -> None:
    """Each has one field of its kind, and what is needed must be filled in. Those about a gift are folded away."""
    form = plain_http.get(f"{front_door.stack.urls.web}/products/{offer.name}").text.split("<form")[1]
    fields = [part.split(">")[0] for part in form.replace("<textarea", "<input").split("<input")[2:]]
    named = [*offer.asked, *gift_questions("UTC")]
    assert [field.split('name="')[1].split('"')[0] for field in fields] == named
    assert ["required" in field for field in fields] == [name in offer.needed for name in named]
    assert form.index("<details") < form.index('name="gift_address"') < form.index("</details>")
    for kind, days in (("date", {"birth_date", "gift_day"}), ("time", {"birth_time"})):
        expected = [name in days for name in named]
        assert [f'type="{kind}"' in field for field in fields] == expected


def test_a_products_page_shows_what_is_inside(front_door: Pressroom) -> None:
    """The titles of each chapter and section, and pages of a sample that a browser can load, with their sizes."""
    page = plain_http.get(f"{front_door.door}/products/personal_blueprint").text
    (product,) = OFFERS["personal_blueprint"].products
    titles = [*(chapter.title for chapter in product.chapters), *(section.title for section in product.sections)]
    assert all(title in unescape(page) for title in titles)
    pictures = re.findall(r'<img src="(\S+)" width="(\d+)" height="(\d+)" loading="lazy" alt="([^"]+)"', page)
    assert len(pictures) == 2
    for source, width, height, _ in pictures:
        image = plain_http.get(front_door.door + source)
        assert image.headers["content-type"] == "image/png"
        assert len(image.content) <= 60_000
        assert struct.unpack(">II", image.content[16:24]) == (int(width), int(height))


def test_that_an_ai_writes_is_said_before_and_after_the_purchase(front_door: Pressroom) -> None:
    """It stands on the page of every product, and on that of an order."""
    addresses = [f"{front_door.door}/products/{name}" for name in OFFERS]
    for address in (*addresses, front_door.order(front_door.buy())["url"]):
        assert "The text is written by an AI" in plain_http.get(address).text


def test_a_product_without_pictures_is_sold_all_the_same(stack: Stack) -> None:
    """Only its parts are shown, those that are computed as well."""
    (port,) = free_ports(1)
    with Pressroom(stack, WITH_TEST_PRODUCTS) as running:
        running.start("web", "--port", str(port))
        page = plain_http.get(f"http://127.0.0.1:{port}/products/{FIELD_NOTES.name}").text
    assert "<img" not in page
    assert all(chapter.title in unescape(page) for chapter in FIELD_NOTES.chapters)


@pytest.mark.parametrize(
    ("cents", "currency", "shown"),
    [
        (1900, "usd", "$19"),
        (129050, "usd", "$1,290.50"),
        (0, "eur", "€0"),
        (1900, "jpy", "¥1,900"),
        (1900, "chf", "19 CHF"),
        (1900, "kwd", "1.900 KWD"),
    ],
)
def test_a_price_is_written_as_customers_write_it(cents: int, currency: str, shown: str) -> None:
    """A sign before the number where one currency has it, and no decimals of a round sum."""
    assert shown_price(cents, currency).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize("birth_date", ["", "17.4.1988", "1988-02-30", "0988-04-17", "tomorrow"])
def test_a_birth_date_that_cannot_be_one_is_asked_for_again(front_door: Pressroom, birth_date: str) -> None:
    """A date that is none, too long ago or in the future is not sent to the till; the other answers are kept."""
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    given = {**FORM, "birth_date": tomorrow if birth_date == "tomorrow" else birth_date}
    answer = plain_http.post(f"{front_door.stack.urls.web}/checkout", data=given)
    assert answer.status_code == 422
    assert 'value="London"' in answer.text


def test_answers_are_reviewed_as_they_are_understood(front_door: Pressroom) -> None:
    """A date with its weekday, so that a slip shows; what is typed stays data; and nothing is kept of it yet."""
    given = {**FORM, "name": '<b title="x">Ada</b>', "change": ""}
    before = front_door.db.answers.count_documents({})
    shown = plain_http.post(f"{front_door.door}/review", data={k: v for k, v in given.items() if v})
    assert shown.status_code == 200
    assert "Sunday, 17 April 1988" in shown.text
    assert "<b title" not in shown.text
    assert front_door.db.answers.count_documents({}) == before
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    assert {name: unescape(value) for name, value in hidden.items()} == {k: v for k, v in given.items() if v}
    till = plain_http.post(f"{front_door.door}/checkout", data={k: unescape(v) for k, v in hidden.items()})
    assert till.status_code == 303
    assert "not told" in shown.text  # the time of birth
    form = plain_http.post(f"{front_door.door}/review", data={**FORM, "change": "yes"})
    assert 'value="London"' in form.text.split("<form")[1]


def test_a_consent_that_the_shop_asks_for_is_kept_with_the_order(stack: Stack) -> None:
    """Without it nobody comes to the till; with it the words and the time are the order's, and evidence."""
    (port,) = free_ports(1)
    words = "Begin at once: I know that I cannot withdraw any more."
    with Pressroom(stack, CONSENT=words) as house:
        house.pretend_to_sweep()
        house.start("web", "--port", str(port))
        house.door = f"http://127.0.0.1:{port}"
        assert words in plain_http.post(f"{house.door}/review", data=FORM).text
        refused = plain_http.post(f"{house.door}/checkout", data=FORM)
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
        assert house.db.answers.count_documents({}) == 0
        till = plain_http.post(f"{house.door}/checkout", data={**FORM, "consent": "yes"})
        assert till.status_code == 303
        (form,) = house.db.answers.find()
        house.send(house.event(client_reference_id=form["_id"], metadata={"product": FORM["product"]}))
        (order,) = house.db.orders.find()
    assert order["consent"] == {"text": words, "at": form["at"]}


def test_the_till_reckons_tax_and_takes_codes_if_it_is_told_to(stack: Stack) -> None:
    """Prices say so, and Stripe is asked for both; an order keeps its price, what was paid, and the tax in it."""
    (port,) = free_ports(1)
    tax = {"AUTOMATIC_TAX": "exclusive", "TAX_CODE": "txcd_10000000", "TAX_IDS": "true"}
    with Pressroom(stack, PROMOTION_CODES="true", **tax) as house:
        house.pretend_to_sweep()
        house.start("web", "--port", str(port))
        house.door = f"http://127.0.0.1:{port}"
        shop = [plain_http.get(f"{house.door}{path}").text for path in ("", "/products/bundle")]
        review = plain_http.post(f"{house.door}/review", data=FORM).text
        assert ["plus tax" in text for text in (*shop, review)] == [True] * 3
        till = plain_http.post(f"{house.door}/checkout", data=FORM)
        page = plain_http.post(till.headers["location"], data={"code": "TEST10"}).text
        assert "Pay $106.92" in page  # ninety percent of $99, and a fifth of that
        amounts = {"amount_subtotal": 9900, "amount_total": 10692, "total_details": {"amount_tax": 1782}}
        house.send(house.event(metadata=FORM, **amounts))
        (order,) = house.db.orders.find()
    assert (order["amount_total"], order["amount_tax"], order["objection"]) == (10692, 1782, None)


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(60, "1 minute"), (1800, "30 minutes"), (3600, "1 hour"), (10800, "3 hours")]
)
def test_a_promise_is_spoken_in_minutes_or_hours(seconds: int, spoken: str) -> None:
    """What the shop says of a promise is short."""
    assert spoken_duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == spoken
