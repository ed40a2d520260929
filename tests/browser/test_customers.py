"""What a customer sees from the shop to the finished report, without loading a page anew."""

from playwright.sync_api import Browser, Page, expect

from tests.pressroom import Pressroom


def buy(page: Page, email: str) -> None:
    """Choose Life Clarity, answer its questions, and pay."""
    page.goto("/")
    page.get_by_role("link", name="Life Clarity").click()
    page.get_by_label("Your name").fill("Ada Byron")
    page.get_by_label("What would you like clarity about?").fill("Shall I go?")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Pay").click()


def test_a_customer_watches_until_it_is_finished(house: Pressroom, page: Page) -> None:
    """She lands on her order, its bar moves, and the download appears by itself."""
    house.stack.llm.add_fault(kind="hang", seconds=8, section="what_pulls_you", times=1)
    buy(page, house.email)
    page.wait_for_url("**/orders/*")
    looked_at = page.evaluate("performance.timeOrigin")
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("link", name="Download the PDF").wait_for()
    expect(page.get_by_role("status")).to_contain_text("It is finished")
    assert page.evaluate("performance.timeOrigin") == looked_at, "it was loaded anew"


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
