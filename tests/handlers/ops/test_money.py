"""Sums of money: what known orders brought in, gave back and cost, on a page and on the command line."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]
NOW = datetime.now(UTC)
TODAY, LAST_WEEK = (f"{NOW - timedelta(days=days):%Y-%m-%d}" for days in (0, 7))


def buy(house: Pressroom, days_ago: int = 0, **facts: Any) -> str:
    """Place an order that was paid so long ago. Returns its id."""
    order = house.buy()
    paid_at = NOW - timedelta(days=days_ago)
    house.db.orders.update_one({"_id": order}, {"$set": {"paid_at": paid_at, **facts}})
    return order


def call(house: Pressroom, order: str, cost_usd: float | None, days_ago: int = 0, **facts: Any) -> None:
    """Write down a call that was answered, for a report of the order."""
    about = {"order": order, "report": f"{order}:life_clarity", "product": "life_clarity", "section": "one"}
    end = {"state": "settled", "outcome": "written", "usage": {"input": 1, "output": 1}, "cost_usd": cost_usd}
    opened = {"_id": uuid.uuid4().hex, "tenant": "main", "opened_at": NOW - timedelta(days=days_ago)}
    house.db.ledger.insert_one({**opened, **about, **end, **facts})


@pytest.fixture(scope="module")
def known(house: Pressroom) -> dict[str, str]:
    """Orders in each state of their money, by its name."""
    orders = {
        "kept": buy(house),
        "refunded": buy(house, amount_refunded=1900, stopped=True, letter="refund"),
        "in part": buy(house, amount_refunded=400),
        "going back": buy(house, letter="refund"),
        "sent back": buy(house, letter="refund", refund_failed=True),
        "disputed": buy(house, on_hold=True),
        "lost": buy(house, on_hold=True, dispute_lost=True),
        "in euros": buy(house, currency="eur", amount_total=1800, product="personal_blueprint"),
        "with a code, and tax, of which half went back": buy(
            house, product="personal_horoscope", amount_total=10692, amount_tax=1782, amount_refunded=5346
        ),
        "last week's": buy(house, days_ago=7, product="bundle", tenant="brand", amount_total=12900),
        "last year's": buy(house, days_ago=400),
        "unpaid": buy(house),
    }
    house.db.orders.update_one({"_id": orders["unpaid"]}, {"$set": {"paid_at": None}})
    call(house, orders["kept"], 0.5)
    call(house, orders["kept"], 0.25)
    call(house, orders["lost"], 10.0)
    call(house, orders["last week's"], 1.0, days_ago=7, tenant="brand")
    return orders


@pytest.fixture
def sums(house: Pressroom, known: dict[str, str]) -> Callable[..., dict[tuple[str, str], Any]]:
    """Return the rows of `pressroom money`, by name and currency."""
    del known

    def ask(*args: str) -> dict[tuple[str, str], Any]:
        return {(row["name"], row["currency"]): row for row in house.json("money", *args)}

    return ask


def test_sums_are_what_the_orders_were(sums: Callable[..., dict[tuple[str, str], Any]]) -> None:
    """By product: the known orders' prices, refunds, disputes and calls, each once; a bundle has its own calls."""
    rows = sums()
    ours = rows["life_clarity", "usd"]
    assert {name: ours[name] for name in ("orders", "paid", "refunded", "calls", "cost_usd")} == {
        "orders": 7,
        "paid": 7 * 1900,
        "refunded": 1900 + 400,
        "calls": 3,
        "cost_usd": 10.75,
    }
    assert [ours[name] for name in ("refunds_pending", "refunds_failed", "disputed", "lost")] == [1900] * 4
    assert ours["margin"] == 7 * 1900 - 2300 - 1900 - 1075
    bundle = rows["bundle", "usd"]
    assert (bundle["orders"], bundle["paid"], bundle["cost_usd"], bundle["margin"]) == (1, 12900, 1.0, 12800)
    taxed = rows["personal_horoscope", "usd"]
    assert (taxed["paid"], taxed["tax"], taxed["margin"]) == (10692, 891, 10692 - 5346 - 891)
    euros = rows["personal_blueprint", "eur"]
    assert (euros["paid"], euros["cost_usd"], euros["margin"]) == (1800, None, None)


def test_sums_by_tenant_and_day_hold_the_same(sums: Callable[..., dict[tuple[str, str], Any]]) -> None:
    """Each order is in the row of its brand, and in that of its day in UTC; what is too old is in none."""
    brands = sums("--by", "tenant")
    assert (brands["main", "usd"]["paid"], brands["brand", "usd"]["paid"]) == (7 * 1900 + 10692, 12900)
    days = sums("--by", "day")
    assert (days[TODAY, "usd"]["paid"], days[LAST_WEEK, "usd"]["cost_usd"]) == (7 * 1900 + 10692, 1.0)
    assert (LAST_WEEK, "usd") not in sums("--by", "day", "--days", "7")


def test_orders_that_earn_little_are_listed(house: Pressroom, known: dict[str, str]) -> None:
    """An order of which less than the percentage is left, after its calls."""
    thin = house.json("money", "--below", "95")
    assert [(one["order_id"], one["share"]) for one in thin] == [(known["lost"], 47)]
    kept = house.json("money", "--below", "97")
    assert [(one["order_id"], one["share"]) for one in kept][1:] == [(known["kept"], 96)]


def test_the_page_shows_what_the_command_line_does(browser_of: OpenBrowser, known: dict[str, str]) -> None:
    """A viewer sees sums and thin orders, by product, brand or day."""
    shown = browser_of("vera").get("/ops/money").text
    assert all(text in shown for text in ("133.00 USD", "10.75 USD", "18.00 EUR", known["lost"], "47 %"))
    assert LAST_WEEK in browser_of("vera").get("/ops/money?by=day&days=30&below=50").text


def test_a_price_that_nobody_knows_is_no_margin(house: Pressroom, known: dict[str, str]) -> None:
    """The sum says what is known, and no margin."""
    house.db.day_sums.delete_many({})
    call(house, known["last week's"], None, days_ago=7, tenant="brand")
    (bundle,) = [row for row in house.json("money") if row["name"] == "bundle"]
    assert (bundle["cost_usd"], bundle["margin"]) == (1.0, None)


@pytest.mark.parametrize(
    "question", ["days=0", "days=367", "days=x", "days=-1", "days=%C2%B2", "by=colour", "below=0"]
)
def test_sums_that_there_are_none_of_are_refused(browser_of: OpenBrowser, question: str) -> None:
    """The page says in a line what may be asked."""
    answer = browser_of("vera").get(f"/ops/money?{question}")
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)


@pytest.mark.parametrize("option", ["--days=0", "--days=367", "--days=x", "--by=colour", "--below=101"])
def test_the_command_line_refuses_the_same(house: Pressroom, option: str) -> None:
    """Wrong usage is exit 2."""
    assert "Error" in house.cli("money", option, code=2)
