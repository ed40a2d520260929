"""The form for missing details takes what people write."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from tests import plain_http
from tests.handlers.test_places import BERLIN, FORM, REVIEWED, choices
from tests.pressroom import Pressroom

REFUNDING = {"letter": "refund", "failed_at": datetime.now(UTC)}


def lacking(shop: Pressroom, **facts: Any) -> tuple[str, str]:
    """Return an order that lacks its question, with some facts changed, and the address of its page."""
    order = shop.buy(metadata={"product": "life_clarity", "name": "Ada"})
    shop.db.orders.update_one({"_id": order}, {"$set": facts})
    return order, str(shop.order(order)["url"])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (REFUNDING, "We are giving your money back"),
        ({**REFUNDING, "on_hold": True}, "Until that is settled"),
        ({**REFUNDING, "stopped": True}, "Your money is on its way back"),
        ({"stopped": True}, "Your money is on its way back"),
        ({"on_hold": True, "dispute_lost": True}, "has taken this payment back"),
    ],
    ids=["being refunded", "and disputed", "refunded", "refunded at Stripe", "lost to the bank"],
)
def test_nothing_is_asked_once_the_money_goes_back(
    front_door: Pressroom, facts: dict[str, Any], words: str
) -> None:
    """The form's address says what the order's page says, and takes no answer."""
    order, url = lacking(front_door, **facts)
    form = plain_http.get(f"{url}/details")
    assert (form.status_code, "<form" in form.text) == (200, False)
    assert words in form.text
    assert words in plain_http.get(url).text
    refused = plain_http.post(f"{url}/details", data={"question": "Whither?"})
    assert (refused.status_code, words in refused.text) == (409, True)
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert found["missing"] == ["question"]


@pytest.mark.parametrize(
    "facts", [{"on_hold": True}, {**REFUNDING, "refund_failed": True}], ids=["disputed", "its refund failed"]
)
def test_an_order_that_goes_on_takes_its_answers(front_door: Pressroom, facts: dict[str, Any]) -> None:
    """A dispute has only the mail wait; and who did not get the money back is to get the report."""
    order, url = lacking(front_door, **facts)
    assert "<form" in plain_http.get(f"{url}/details").text
    assert plain_http.post(f"{url}/details", data={"question": "Whither?"}).status_code == 200
    assert front_door.db.reports.count_documents({"order": order}) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [("ada@müller.de", "ada@xn--mller-kva.de"), ("da.me..i@docomo.ne.jp", "da.me..i@docomo.ne.jp")],
)
def test_an_address_is_taken_as_its_owner_writes_it(front_door: Pressroom, given: str, kept: str) -> None:
    """The order has it as mail can be sent to it, and begins."""
    order = front_door.buy(customer_details=None, customer_email=None)
    form = front_door.order(order)["url"] + "/details"
    assert plain_http.post(form, data={"email": given}).status_code == 200
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["email"], found["missing"]) == (kept, [])
    assert front_door.db.reports.count_documents({"order": order}) == 1


def test_the_form_offers_every_day_that_has_begun_somewhere(front_door: Pressroom) -> None:
    """A browser refuses no date of birth that is today where the customer is."""
    before = (datetime.now(UTC) + timedelta(hours=14)).date()
    form = plain_http.get(f"{front_door.stack.urls.web}/products/personal_blueprint").text
    after = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert any(f'max="{day}"' in form for day in (before, after))


def test_a_slip_in_an_address_is_asked_about_and_never_mended_alone(front_door: Pressroom) -> None:
    """Nothing is kept of what is nearly a large provider's until it is chosen how it is meant."""
    order = front_door.buy(customer_details=None, customer_email=None)
    form, given = front_door.order(order)["url"] + "/details", {"email": "ada@gmial.com", "reviewed": "yes"}
    asked = plain_http.post(form, data=given)
    assert (asked.status_code, 'value="ada@gmail.com"' in asked.text, "GeoNames" in asked.text) == (
        422,
        True,
        False,
    )
    assert front_door.db.orders.find_one({"_id": order})["email"] is None  # type: ignore[index]
    assert plain_http.post(form, data={**given, "which_email": "ada@gmail.com"}).status_code == 200
    assert front_door.db.orders.find_one({"_id": order})["email"] == "ada@gmail.com"  # type: ignore[index]


@pytest.mark.parametrize("choice", ["02:30+02:00", "02:30+01:00", "not_known"])
def test_a_time_that_an_order_has_is_asked_about_once_its_place_puts_it_in_doubt(
    front_door: Pressroom, choice: str
) -> None:
    """A payment link may sell a time without a place: nothing begins before both are clear."""
    told = {name: text for name, text in FORM.items() if name != "birth_place"} | {"birth_time": "02:30"}
    order = front_door.buy(metadata=told)
    form, given = f"{front_door.order(order)['url']}/details", REVIEWED | {"birth_place": "Berlin, Germany"}
    given["which_birth_place"] = "Berlin, Germany"
    for which in ({}, {"which_birth_time": "03:30"}):
        asked = plain_http.post(form, data=given | which)
        options = [*choices(unescape(asked.text), "which_birth_time")]
        assert (asked.status_code, options) == (422, ["02:30+02:00", "02:30+01:00", "not_known"])
        assert front_door.db.reports.count_documents({"order": order}) == 0
    assert plain_http.post(form, data=given | {"which_birth_time": choice}).status_code == 200
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["answers"].get("birth_time", "not_known"), found["missing"]) == (choice, [])
    assert found["answers"]["birth_place"] == BERLIN


def test_a_time_that_comes_before_its_place_is_clear_is_asked_about_with_it(front_door: Pressroom) -> None:
    """Of several places of a name none is taken yet: the time is kept, and in doubt as soon as one is chosen."""
    order = front_door.buy(metadata={"product": "personal_horoscope", "name": "Ada", "birth_date": "1996-10-27"})
    front_door.db.orders.update_one({"_id": order}, {"$push": {"missing": "birth_time"}})
    form, given = f"{front_door.order(order)['url']}/details", REVIEWED | {"birth_place": "Bristol"}
    asked = unescape(plain_http.post(form, data=given | {"birth_time": "01:30"}).text)
    chosen = next(one for one in choices(asked, "which_birth_place") if one.endswith("United Kingdom"))
    given["which_birth_place"] = chosen
    asked = unescape(plain_http.post(form, data=given).text)
    assert [*choices(asked, "which_birth_time")] == ["01:30+01:00", "01:30+00:00", "not_known"]
    assert plain_http.post(form, data=given | {"which_birth_time": "01:30+00:00"}).status_code == 200
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["answers"]["birth_time"], found["missing"]) == ("01:30+00:00", [])
