"""What operators find, and what waits for them."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]


@pytest.fixture(scope="module")
def order(house: Pressroom) -> str:
    """An order whose letter was sent, beside others."""
    house.buy(metadata={"product": "life_clarity", "name": "Grace Hopper", "question": "?"})
    order = house.buy(
        metadata={"product": "life_clarity", "name": "Émilie du Châtelet", "question": "?"},
        customer_details={"email": "emilie@customer.example"},
    )
    letter = {
        "_id": f"{order}:completion",
        "order": order,
        "kind": "completion",
        "message_id": "<e.1@shop.example>",
    }
    now = datetime.now(UTC)
    house.db.deliveries.insert_one(
        {**letter, "state": "sent", "epoch": 1, "until": now, "tries": 1, "sent_at": now, "accepted": []}
    )
    return order


def references(house: Pressroom, order: str) -> dict[str, str]:
    """Return all that a person may hold of an order, by what it is."""
    found = house.db.orders.find_one({"_id": order})
    event = house.db.events.find_one({"about": order})
    assert found is not None
    assert event is not None
    return {
        "its id": order,
        "its payment": found["payment_intent"],
        "its event": event["_id"],
        "its link": house.order(order)["url"],
        "its report's link": f"{house.links().report(found['token'], 'life_clarity', of_gift=False)}.pdf",
        "its letter": "<e.1@shop.example>",
        "its letter without brackets": "e.1@shop.example",
        "its address": "Emilie@Customer.example",
        "the beginning of its name, without accents": "emilie du",
    }


def test_whatever_a_person_holds_finds_the_order(house: Pressroom, browser_of: OpenBrowser, order: str) -> None:
    """An exact hit opens the order, by any of its ids, its letter's, its link, its address or its name."""
    browser = browser_of("vera")
    for held in references(house, order).values():
        hit = browser.get(f"/ops/search?q={quote(held, safe='')}")
        assert (held, hit.status_code, hit.headers.get("location")) == (held, 303, f"/ops/orders/{order}")


def test_the_command_line_finds_the_same(house: Pressroom, order: str) -> None:
    """`pressroom orders find` returns the order by its customer's address."""
    assert [found["order_id"] for found in house.json("orders", "find", "emilie@customer.example")] == [order]


def test_what_is_not_known_is_said(browser_of: OpenBrowser, order: str) -> None:
    """A text that names no order finds none: another's link, a pattern, a part of an address, nothing."""
    del order
    for held in ("https://shop.example/orders/abc", ".*", "@customer.example", "cs_unknown", " ", "$ne"):
        answer = browser_of("vera").get(f"/ops/search?q={quote(held)}")
        assert (held, answer.status_code, "No order is known by that." in answer.text) == (held, 200, True)


def test_only_what_needs_a_person_waits_for_one(house: Pressroom, browser_of: OpenBrowser, order: str) -> None:
    """An order with an objection waits, with its reason; one that was delivered or refunded since does not."""
    objected, delivered, refunded = (house.buy(amount_subtotal=100) for _ in range(3))
    house.db.orders.update_one({"_id": delivered}, {"$set": {"delivered_at": datetime.now(UTC)}})
    house.db.orders.update_one({"_id": refunded}, {"$set": {"stopped": True}})
    shown = browser_of("vera").get("/ops/").text
    assert "The session&#39;s price is not that of life_clarity." in shown
    assert [one in shown for one in (objected, delivered, refunded, order)] == [True, False, False, False]
    assert [found["order_id"] for found in house.json("orders", "waiting")] == [objected]


def test_an_orders_page_tells_its_story(house: Pressroom, browser_of: OpenBrowser, order: str) -> None:
    """The page has the order's state, its reports, and what happened in the order in which it did."""
    shown = browser_of("vera").get(f"/ops/orders/{order}").text
    story = ("checkout.session.completed (applied)", "completion: sent")
    assert all(part in shown for part in story)
    assert shown.index(story[0]) < shown.index(story[1])
    assert "emilie@customer.example" not in shown
    assert house.email not in shown


@pytest.mark.parametrize(
    "path", ["/ops/orders/cs_unknown", "/ops/dead/unknown", "/ops/bulk/unknown", "/ops/nothing"]
)
def test_an_unknown_id_is_said_to_be_unknown(browser_of: OpenBrowser, path: str) -> None:
    """A page of something that does not exist is 404, on a page of ours."""
    answer = browser_of("vera").get(path)
    assert (answer.status_code, "Not found" in answer.text) == (404, True)
