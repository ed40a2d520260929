"""What an operator does who is called at night, from the customer's address to the delivered order."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.handlers.ops.browser import PASSWORD
from tests.pressroom import Pressroom

SignIn = Callable[[str], Page]
REASON = "Why, for the audit trail"
SECTION = "what_pulls_you"


@pytest.fixture(autouse=True)
def nothing_else(house: Pressroom) -> Iterator[None]:
    """No order of earlier tests, and no fault that outlasts this one."""
    house.db.orders.update_many({}, {"$set": {"email": None, "answers": {}}})
    house.db.dead_letters.delete_many({})
    yield
    house.stack.llm.clear_faults()
    house.stack.inbox.clear_faults()


def died(house: Pressroom, *sections: str, orders: int = 1) -> list[str]:
    """Return orders of which those sections are dead, and will not die again."""
    for section in sections:
        house.stack.llm.add_faults({"status": 400, "section": section})
    bought = [house.buy() for _ in range(orders)]
    letters, paths = orders * len(sections), {"order": {"$in": bought}, "state": "open"}
    house.until("their deaths", lambda: house.db.dead_letters.count_documents(paths) == letters)
    house.stack.llm.clear_faults()
    return bought


def find(page: Page, text: str) -> None:
    """Look for an order."""
    page.get_by_label("Find an order").fill(text)
    page.get_by_label("Find an order").press("Enter")


def test_a_dead_order_is_found_mended_and_seen_delivered(house: Pressroom, sign_in: SignIn) -> None:
    """By its customer's address, with its traceback and a quote, and the page that fills by itself."""
    (order,) = died(house, SECTION)
    page = sign_in("olaf")
    find(page, house.email)
    expect(page.get_by_role("heading", level=1)).to_have_text(order)
    expect(page.locator("main")).to_contain_text(SECTION)
    page.get_by_role("link", name=f"{order}:life_clarity").first.click()
    expect(page.get_by_label("Traceback")).to_contain_text("Traceback")
    expect(page.get_by_label("Quote")).to_contain_text("1 completion")
    page.get_by_label(REASON).fill("The model's filter was wrong")
    page.get_by_role("button", name="Replay").click()
    expect(page.locator("main")).to_contain_text("replayed")

    page.goto(f"/ops/orders/{order}")
    looked_at = page.evaluate("performance.timeOrigin")
    expect(page.locator("main .state").first).to_have_text("delivered")
    expect(page.locator("main")).to_contain_text("olaf replayed")
    assert page.evaluate("performance.timeOrigin") == looked_at, "it was loaded anew"
    assert len(house.letters(order)) == 1


def test_a_stale_quote_is_made_anew(house: Pressroom, sign_in: SignIn) -> None:
    """Nothing is done by what is no longer so: the page says it, and has the quote of now."""
    (order,) = died(house, SECTION, "where_you_stand")
    page = sign_in("olaf")
    page.goto(f"/ops/orders/{order}")
    page.get_by_role("link", name="Replay what is dead").click()
    expect(page.get_by_label("Quote")).to_contain_text("2 dead letters")
    letter = house.db.dead_letters.find_one({"order": order, "step": re.compile("where_you_stand")})
    assert letter
    house.cli("dead", "discard", letter["_id"], "--reason", "known")
    page.get_by_label(REASON).fill("The provider is back")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("alert")).to_contain_text("This has changed while you looked at it")
    expect(page.get_by_label("Quote")).to_contain_text("1 dead letter")
    assert house.db.dead_letters.count_documents({"order": order, "state": "open"}) == 1
    page.get_by_label(REASON).fill("The provider is back")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(order)
    assert house.db.dead_letters.count_documents({"order": order, "state": "replayed"}) == 1


def test_a_wrong_address_is_corrected(house: Pressroom, sign_in: SignIn) -> None:
    """On the order's page, and the mail that was refused goes to the right one."""
    house.stack.inbox.add_fault(code=550, address=house.email)
    order = house.buy()
    house.until("the refusal", lambda: house.db.dead_letters.find_one({"order": order, "state": "open"}))
    page = sign_in("olaf")
    find(page, order)
    page.get_by_text("Correct the address, and send again").first.click()
    right = f"right.{house.email}"
    form = page.locator("form", has=page.get_by_label("The right address"))
    form.get_by_label("The right address").fill(right)
    form.get_by_label(REASON).fill("She wrote to us")
    form.get_by_role("button").click()
    expect(page.locator("main .state").first).to_have_text("delivered")
    assert order in [value for one in house.stack.inbox.letters(to=right) for value in one.headers.values()]
    assert not house.letters(order)


def test_many_are_replayed_while_fresh_orders_come(house: Pressroom, sign_in: SignIn) -> None:
    """Those of one cause, as quoted; the dead and the fresh are all delivered, each with one mail."""
    dead = died(house, SECTION, orders=8)
    page = sign_in("olaf")
    page.get_by_role("link", name="Dead letters").click()
    page.locator("main table a").first.click()
    page.get_by_role("button", name="Quote a replay of all").click()
    expect(page.get_by_label("Quote")).to_contain_text("8 dead letters")
    page.get_by_label(REASON).fill("The provider is back")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("main .state").first).to_have_text("running")
    fresh = [house.buy() for _ in range(3)]

    def is_over() -> bool:
        page.reload()
        return page.get_by_text("8 of 8 done, 0 failed, 0 left").count() > 0

    house.until("the end of the work", is_over)
    for order in (*dead, *fresh):
        house.until_delivered(order)
    assert {len(house.letters(order)) for order in (*dead, *fresh)} == {1}


def test_a_viewer_has_no_forms(house: Pressroom, sign_in: SignIn) -> None:
    """A viewer reads what operators do, and finds nothing that would do it."""
    (order,) = died(house, SECTION)
    letter = house.db.dead_letters.find_one({"order": order})
    assert letter
    page = sign_in("vera")
    for path in (f"orders/{order}", f"orders/{order}/replay", "dead", f"dead/{letter['_id']}", "bulk"):
        page.goto(f"/ops/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("main form[method=post]").count() == 0, path


@pytest.mark.parametrize(
    ("elsewhere", "said"),
    [("http://elsewhere.example", "Sign in"), ("http://127.0.0.1:4000", "This form was not shown to you here")],
    ids=["another site", "another port of this host"],
)
def test_a_forged_request_is_refused(house: Pressroom, sign_in: SignIn, elsewhere: str, said: str) -> None:
    """Another site's page that posts a form, even with its key, does nothing for who is signed in here."""
    (order,) = died(house, SECTION)
    letter = house.db.dead_letters.find_one({"order": order})
    assert letter
    page = sign_in("olaf")
    page.goto(f"/ops/dead/{letter['_id']}")
    form = page.locator("main form[method=post]").evaluate("form => form.innerHTML")
    bait = f'<form method="post" action="{house.door}/ops/dead/{letter["_id"]}">{form}</form>'

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=bait)

    page.route(f"{elsewhere}/**", answer)
    page.goto(f"{elsewhere}/")
    page.get_by_label(REASON).fill("A prize")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("body")).to_contain_text(said)
    still: dict[str, Any] | None = house.db.dead_letters.find_one({"_id": letter["_id"]})
    assert still == letter


def test_the_keyboard_is_enough(house: Pressroom, page: Page) -> None:
    """From the sign-in by a search to an order: with Tab and Enter, and what is typed."""
    (order, _) = died(house, SECTION, orders=2)
    page.goto("/ops/")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out olga").wait_for()
    tab_to(page, "Find an order")
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Found").wait_for()
    tab_to(page, order)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(order)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus. All on the way is seen to have it."""
    script = "(({outerHTML, ariaLabel, innerText}) => [ariaLabel ?? innerText])(document.activeElement)[0]"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(script) == name:
            return
    raise AssertionError(f"Nothing of the name {name} is to be reached.")
