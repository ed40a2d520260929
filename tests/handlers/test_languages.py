"""Customers are spoken to in their language: before an order in the browser's, afterwards in the order's."""

import re
from html import unescape
from pathlib import Path

import pytest

from infra.local.stack import Stack
from tests import plain_http
from tests.ports import free_ports
from tests.pressroom import Pressroom

GERMAN = {"Accept-Language": "fr-CH, de-AT;q=0.9, en;q=0.8"}
FORM = {"product": "personal_horoscope", "name": "Ada", "birth_date": "1988-04-17", "birth_place": "Stockholm"}


def text_of(page: str) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)))


def test_the_shop_speaks_the_first_language_that_it_knows(front_door: Pressroom) -> None:
    """Words, price and times are German's; what products say of themselves is marked as English."""
    for path, words in (("/", "innerhalb von 3 Stunden in Ihrem Postfach"), ("/products/bundle", "129 $")):
        page = plain_http.get(front_door.door + path, headers=GERMAN)
        assert '<html lang="de">' in page.text
        assert words in text_of(page.text)
        assert ' lang="en">The Whole Picture' in page.text
        assert "Accept-Language" in page.headers["vary"]
        assert '<html lang="en">' in plain_http.get(front_door.door + path, headers={"Accept-Language": "fr"}).text


def test_the_review_and_what_is_wrong_are_said_in_german(front_door: Pressroom) -> None:
    """Dates, places and their clocks, and each sentence about a mistake."""
    review = text_of(plain_http.post(f"{front_door.door}/review", data=FORM, headers=GERMAN).text)
    assert "Sonntag, 17. April 1988" in review
    assert "Stockholm, Schweden, damals 2 Stunden vor der Zeit von Greenwich" in review
    wrong = {**FORM, "birth_date": "17.4.88", "name": " "}
    form = text_of(plain_http.post(f"{front_door.door}/review", data=wrong, headers=GERMAN).text)
    assert "Bitte füllen Sie dieses Feld aus." in form
    assert "Schreiben Sie ein Datum wie 1990-12-31, von 1900 bis heute." in form


def test_an_order_keeps_the_language_of_its_form(front_door: Pressroom) -> None:
    """The payment page has it, and the order's page whatever another browser asks for."""
    till = plain_http.post(f"{front_door.door}/checkout", data=FORM, headers=GERMAN)
    session = till.headers["location"].rpartition("/")[2]
    (form,) = front_door.db.answers.find({"session": session})
    assert form["locale"] == "de"
    order = front_door.buy(client_reference_id=form["_id"], metadata={"product": FORM["product"]})
    page = plain_http.get(front_door.order(order)["url"], headers={"Accept-Language": "en"}).text
    assert '<html lang="de">' in page


@pytest.mark.parametrize(
    ("facts", "tag"),
    [
        ({"locale": "de-AT"}, "de"),
        ({"locale": "auto", "language": "German"}, "de"),
        ({"locale": "en", "language": "German"}, "en"),
        ({"locale": "fr"}, "en"),
        ({}, "en"),
    ],
)
def test_a_session_tells_the_language_of_its_order(front_door: Pressroom, facts: dict[str, str], tag: str) -> None:
    """Its own locale first, then that of the report; German pages say what is left to do in German."""
    metadata = {"product": "life_clarity", "name": "Ada", "language": facts.get("language", "")}
    url = front_door.order(front_door.buy(locale=facts.get("locale"), metadata=metadata))["url"]
    for path in ("", "/details"):
        page = plain_http.get(url + path, headers={"Accept-Language": "de" if tag == "en" else "en"}).text
        assert f'<html lang="{tag}">' in page
        assert ("brauchen wir noch etwas von Ihnen" in page) == (tag == "de")


def test_a_brand_speaks_its_own_language_where_nobody_says_another(stack: Stack, tmp_path: Path) -> None:
    """The shop of such a brand is German to a browser whose languages are not spoken, and so are its orders."""
    file = tmp_path / "tenants.toml"
    file.write_text('[main]\nname = "Sternenpost"\nlanguage = "de"\n', "utf-8")
    (port,) = free_ports(1)
    with Pressroom(stack, TENANTS_FILE=str(file)) as house:
        house.pretend_to_sweep()
        house.start("web", "--port", str(port))
        house.door = f"http://127.0.0.1:{port}"
        assert '<html lang="de">' in plain_http.get(house.door, headers={"Accept-Language": "fr"}).text
        assert '<html lang="en">' in plain_http.get(house.door, headers={"Accept-Language": "en"}).text
        house.send(house.event())
        (order,) = house.db.orders.find()
        assert order["locale"] is None
