"""What a customer sees from the shop to the finished report, without loading a page anew."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.local.pdf_text import text_of
from tests.browser.nginx import before
from tests.pressroom import Pressroom


def to_the_till(page: Page) -> None:
    """Choose Life Clarity, and answer its questions."""
    page.goto("/")
    page.get_by_role("link", name="Life Clarity").click()
    page.get_by_label("Your name").fill("Ada Byron")
    page.get_by_label("What would you like clarity about?").fill("Shall I go?")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue to payment").click()


def buy(page: Page, email: str) -> None:
    """Choose Life Clarity, answer its questions, and pay."""
    to_the_till(page)
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Pay").click()


@pytest.mark.short
def test_a_customer_watches_until_it_is_finished(house: Pressroom, page: Page) -> None:
    """She lands on her order, its bar moves, and the download appears by itself. She opened the page once."""
    house.stack.llm.add_fault(kind="hang", seconds=8, section="what_pulls_you", times=1)
    buy(page, house.email)
    page.wait_for_url("**/orders/*")
    looked_at = page.evaluate("performance.timeOrigin")
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("link", name="Download the PDF").wait_for()
    expect(page.get_by_role("status")).to_contain_text("It is finished")
    assert page.evaluate("performance.timeOrigin") == looked_at, "it was loaded anew"
    assert [order["opens"]["count"] for order in house.db.orders.find()] == [1]


def test_a_page_is_live_behind_a_proxy_and_through_a_restart(
    house: Pressroom, chromium: Browser, tmp_path: Path
) -> None:
    """A proxy that keeps answers until its buffers are full passes on what is live.

    Its refusals while the web process is away end no page, which asks again by itself.
    """
    house.stack.llm.add_fault(kind="hang", seconds=20, section="what_pulls_you", times=1)
    order = house.buy()
    with before(house.door, tmp_path) as door:
        context = chromium.new_context(base_url=door)
        page, statuses = context.new_page(), []
        page.on("response", lambda answer: statuses.append(answer.status))
        page.goto(urlsplit(house.order(order)["url"]).path)
        expect(page.locator("#done-life_clarity")).to_have_text("3")  # of four: the fourth hangs
        looked_at = page.evaluate("performance.timeOrigin")
        house.part("web").kill()
        house.until("a refusal", lambda: page.evaluate("1") and 502 in statuses)
        house.start("web")
        page.get_by_role("link", name="Download the PDF").wait_for(timeout=120_000)
        assert page.evaluate("performance.timeOrigin") == looked_at, "it was loaded anew"
        context.close()


def test_without_scripts_the_page_is_one_to_reload(house: Pressroom, chromium: Browser) -> None:
    """All that the page says is there without them, and a reload brings what is new."""
    context = chromium.new_context(base_url=house.door, java_script_enabled=False)
    page = context.new_page()
    buy(page, house.email)
    page.wait_for_url("**/orders/*")
    assert page.get_by_role("status").inner_text()

    def has_download() -> bool:
        page.reload()
        return page.get_by_role("link", name="Download the PDF").count() > 0

    house.until("the download", has_download)
    context.close()


def test_two_tabs_and_one_that_comes_back(house: Pressroom, page: Page) -> None:
    """Both show the same order, and a tab that is opened later shows it as well."""
    buy(page, house.email)
    page.wait_for_url("**/orders/*")
    other = page.context.new_page()
    other.goto(page.url)
    page.close()
    other.get_by_role("link", name="Download the PDF").wait_for()


def test_an_answer_is_corrected_in_time_and_too_late(house: Pressroom, chromium: Browser, page: Page) -> None:
    """Before the first section is bought her correction is in the book; afterwards she is told, scripts or not."""
    why = ("--reason", "A test")
    house.cli("pauses", "begin", "provider", "--for", "1h", *why)
    buy(page, house.email)
    page.wait_for_url("**/orders/*")
    order = page.url
    page.get_by_role("link", name="Look at your answers").click()
    page.get_by_label("Your name").fill("Grace Hopper")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Write it from these answers").click()
    expect(page.get_by_role("status")).to_contain_text("from your new answers")
    context = chromium.new_context(java_script_enabled=False)
    other = context.new_page()
    other.goto(f"{order}/answers")
    other.get_by_label("Your name").fill("Joan of Arc")
    other.get_by_role("button", name="Continue").click()
    house.cli("pauses", "end", "provider", *why)
    page.goto(order)
    page.get_by_role("link", name="Download the PDF").wait_for()
    other.get_by_role("button", name="Write it from these answers").click()
    expect(other.get_by_role("alert")).to_contain_text("It is too late to change your answers")
    context.close()
    found = house.db.orders.find_one({"answers.name": "Grace Hopper"})
    assert found is not None
    assert "Grace Hopper" in text_of(house.book(found["_id"]))


def test_a_code_and_a_second_try_at_the_till(house: Pressroom, page: Page) -> None:
    """A promotion code lowers what is paid, a declined card may be tried again, and the order is delivered."""
    to_the_till(page)
    page.get_by_label("Promotion code").fill("WRONG")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_have_text("This code is invalid.")
    page.get_by_label("Promotion code").fill("test10")
    page.get_by_role("button", name="Apply").click()
    page.get_by_label("E-mail").fill(house.email)
    page.get_by_label("is declined").check()
    page.get_by_role("button", name="Pay $17.10").click()
    expect(page.get_by_role("alert")).to_contain_text("Your card was declined.")
    page.get_by_label("E-mail").fill(house.email)
    page.get_by_role("button", name="Pay $17.10").click()
    page.wait_for_url("**/orders/*")
    page.get_by_role("link", name="Download the PDF").wait_for()


def test_a_payment_that_comes_in_later(house: Pressroom, page: Page) -> None:
    """The order's page waits for it, and goes on by itself once it is there."""
    to_the_till(page)
    session = page.url.rpartition("/")[2]
    page.get_by_label("E-mail").fill(house.email)
    page.get_by_label("is a bank debit").check()
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/orders/*")
    expect(page.get_by_role("status")).to_contain_text("We are waiting for your payment.")
    house.stack.stripe.settle_payment(session)
    page.get_by_role("link", name="Download the PDF").wait_for()


def test_who_leaves_the_till_is_back_at_the_product(page: Page) -> None:
    """Nothing was paid, and the way to it is open again."""
    to_the_till(page)
    page.get_by_role("link", name="Back").click()
    page.wait_for_url("**/products/life_clarity")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
