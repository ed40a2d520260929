"""What an operator does who is called at night, from the customer's address to the delivered order."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.pressroom import Pressroom

SignIn = Callable[[str], Page]


def test_a_dead_order_is_found_mended_and_seen_delivered(house: Pressroom, sign_in: SignIn) -> None:
    """By its customer's address, with its traceback, a replay with a reason, and the page that fills by itself."""
    llm = house.stack.llm
    order = house.buy()
    llm.add_faults({"status": 400, "section": "what_pulls_you", "order": order})
    house.until("its death", lambda: house.db.dead_letters.find_one({"order": order, "state": "open"}))
    llm.clear_faults()

    page = sign_in("olaf")
    page.get_by_label("Find an order").fill(house.email)
    page.get_by_label("Find an order").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(order)
    expect(page.locator("main")).to_contain_text("what_pulls_you")
    page.get_by_role("link", name=f"{order}:life_clarity").first.click()
    expect(page.get_by_label("Traceback")).to_contain_text("Traceback")
    page.get_by_label("Why, for the audit trail").fill("The model's filter was wrong")
    page.get_by_role("button", name="Replay").click()
    expect(page.locator("main")).to_contain_text("replayed")

    page.goto(f"/ops/orders/{order}")
    looked_at = page.evaluate("performance.timeOrigin")
    expect(page.locator("main .state").first).to_have_text("delivered")
    expect(page.locator("main")).to_contain_text("olaf replayed")
    assert page.evaluate("performance.timeOrigin") == looked_at, "it was loaded anew"
    assert len(house.letters(order)) == 1
