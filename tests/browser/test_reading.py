"""A report in a reader's hands: on a phone, by day and by night, with and without scripts."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import looked_at
from tests.pressroom import Pressroom


@pytest.fixture(scope="module")
def order(house: Pressroom) -> str:
    """The address of a delivered order's page."""
    house.stack.llm.set_brevity(brief=False)
    return str(house.until_delivered(house.buy())["url"])


@pytest.mark.parametrize("way", ["read", "read/2"])
def test_a_report_can_be_read_by_everybody(page: Page, order: str, way: str) -> None:
    """Contrast, names and order of headings, and nothing wider than a phone."""
    page.goto(f"{order}/reports/life_clarity/{way}")
    assert looked_at(page) == {}


def test_a_reader_goes_on_where_she_was(page: Page, order: str) -> None:
    """The contents lead back to the part that she read, and that opens at the block that she had reached."""
    page.set_viewport_size({"width": 390, "height": 760})
    page.goto(order)
    page.get_by_role("link", name="Read here").click()
    expect(page.get_by_text("Go on where you were")).to_be_hidden()
    page.get_by_role("link", name="What Pulls You").click()
    reached = page.locator("blockquote").first
    reached.evaluate("block => block.scrollIntoView()")
    page.get_by_role("navigation", name="Life Clarity").get_by_role("link").click()
    page.set_viewport_size({"width": 760, "height": 500})
    page.get_by_text("Go on where you were").get_by_role("link", name="What Pulls You").click()
    expect(page.locator("blockquote").first).to_be_in_viewport()
    assert page.evaluate("scrollY") > 0


def test_without_scripts_a_report_can_be_read_through(chromium: Browser, house: Pressroom, order: str) -> None:
    """Each part leads to the next, to the last one, and back to the contents."""
    context = chromium.new_context(base_url=house.door, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{order}/reports/life_clarity/read")
    page.get_by_role("link", name="Where You Stand").click()
    for title in ("What Pulls You", "The Question Beneath", "The Next Six Weeks"):
        page.get_by_role("link", name=f"{title} →").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
    context.close()
