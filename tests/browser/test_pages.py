"""Pages as everybody can use them: axe finds nothing, in light on a desk and in dark on a phone."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.pressroom import Pressroom

SignIn = Callable[[str], Page]
OPERATORS = (
    "/ops/",
    "/ops/orders",
    "/ops/orders/{order}",
    "/ops/orders/{order}/correct",
    "/ops/orders/{asked}/remake",
    "/ops/orders/{order}/refund",
    "/ops/orders/{order}/forget",
    "/ops/orders/{order}/replay",
    "/ops/orders/{order}/replay?words=today",
    "/ops/mail",
    "/ops/alerts",
    "/ops/alerts/{alert}",
    "/ops/dead",
    "/ops/dead?group=none",
    "/ops/dead/{letter}",
    "/ops/bulk",
    "/ops/bulk/{bulk}",
    "/ops/status",
    "/ops/pauses?subject=provider&for=2h",
    "/ops/money",
    "/ops/stripe",
    "/ops/search?q=Ada",
)
CUSTOMERS = ("/", "/products/life_clarity", "{link}", "{link}/answers", "{link}/withdrawal")
#: Both schemes and both widths, each once: axe takes a processor a second or so for each look.
WAYS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 390))


@pytest.fixture(scope="module")
def facts(house: Pressroom) -> dict[str, str]:
    """An order of two that needs a person, its open dead letter and alert, a quote, and its customer's link."""
    orders = []
    for name in ("life_clarity", "personal_blueprint"):
        order = house.buy(metadata={"product": name, "name": "Ada Byron", "question": "?"})
        orders.append(order)
    asked = {"kind": "remake", "at": datetime.now(UTC), "answers": {"name": "Grace Hopper"}}
    house.db.orders.update_one({"_id": orders[0]}, {"$set": {"request": asked}})
    letter = f"{order}:confirm_order:1"
    cause = {"reason": "It failed.", "error": "It failed.", "traceback": "Traceback:\n  here", "attempts": 1}
    about = {"kind": "errand", "order": order, "product": None, "step": None, "errand": "confirm_order"}
    death = {"state": "open", "fails": False, "at": datetime.now(UTC), **cause}
    house.db.dead_letters.insert_one({"_id": letter, **about, **death})
    house.db.orders.update_one({"_id": order}, {"$set": {"attention": "It failed."}})
    house.cli("dead", "replay", "--group", "none", "--reason", "A test", code=1)  # quoted, and nobody says yes
    (bulk,) = house.json("bulk", "list")
    trouble = {"kind": "k", "order": order, "event": None, "text": "It failed.", "seen": ["x"], "told": ["mail"]}
    house.db.alerts.insert_one({"_id": "trouble", **trouble, "state": "told", "at": datetime.now(UTC)})
    known = {"order": order, "asked": orders[0], "letter": letter, "bulk": bulk["id"], "alert": "trouble"}
    return {**known, "link": house.order(order)["url"]}


def problems(page: Page) -> list[str]:
    """Return what keeps somebody from using the page on view: axe's violations, or that it is too wide."""
    found = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in Axe().run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*found, *(["wider than its window"] if wide else [])]


def looked_at(page: Page) -> dict[str, list[str]]:
    """Return the problems of the page on view by how it is looked at."""
    found = {}
    for scheme, width in WAYS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        found[f"{scheme} {width}"] = problems(page)
    return {way: wrong for way, wrong in found.items() if wrong}


@pytest.mark.parametrize("path", OPERATORS)
def test_operators_pages_are_for_everybody(sign_in: SignIn, facts: dict[str, str], path: str) -> None:
    """Contrast, names, roles, order of headings: nothing is found, and nothing has to be scrolled sideways."""
    page = sign_in("olga")
    page.goto(path.format_map(facts))
    assert looked_at(page) == {}


def test_evidence_for_a_dispute_is_for_everybody(sign_in: SignIn, facts: dict[str, str]) -> None:
    """So is the page that is printed, to which a form with a reason leads."""
    page = sign_in("olga")
    page.goto(f"/ops/orders/{facts['order']}")
    page.get_by_text("Evidence for a dispute").first.click()
    form = page.locator("form[action$=evidence]")
    form.get_by_label("Why, for the audit trail").fill("The bank asks")
    form.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("Ada Byron")
    assert looked_at(page) == {}


@pytest.mark.parametrize("path", CUSTOMERS)
def test_customers_pages_are_for_everybody(page: Page, facts: dict[str, str], path: str) -> None:
    """The same holds for whoever buys."""
    page.goto(path.format_map(facts))
    assert looked_at(page) == {}


def test_what_is_asked_again_is_for_everybody(chromium: Browser, house: Pressroom) -> None:
    """The review of a German customer, with a place of many and, once that is chosen, a time that was twice."""
    context = chromium.new_context(base_url=house.door, locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    page.goto("/products/personal_horoscope")
    page.get_by_label("Ihr Name").fill("Käthe Müller")
    page.get_by_label("Geburtsdatum").fill("1996-10-27")
    page.get_by_label("Geburtsort").fill("Frankfurt")
    page.get_by_label("Geburtszeit").fill("02:30")
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Frankfurt (Frankfurt am Main)").check()
    page.get_by_role("button", name="Weiter zur Zahlung").click()
    expect(page.get_by_role("alert")).to_have_text("Bitte wählen Sie unten aus, was Sie meinen.")
    page.get_by_label("Beim zweiten Mal").check()
    context.close()


def test_the_way_in_is_for_everybody(page: Page) -> None:
    """So does it for the page where operators sign in."""
    page.goto("/ops/sign-in")
    assert looked_at(page) == {}
