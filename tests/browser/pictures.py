"""`make page-pictures`: pages and a mail for the documentation, from a local stack with orders in many states."""

import re
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from actors.products.catalogue import OFFERS
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from infra.passwords import hash_password
from tests.browser.chromium import launched
from tests.handlers.ops.browser import PASSWORD
from tests.pressroom import Pressroom

_FOLDER = Path("docs/pictures")
_NAMES = ("Ada Byron", "Grace Hopper", "Mary Somerville", "Sofja Kowalewskaja", "Emmy Noether")


class Picture(NamedTuple):
    """Picture of a page: its file, the page, and how it is looked at."""

    file: str
    path: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"


class Shown(NamedTuple):
    """Orders that are shown: one of which two sections are dead, one under way, and one that is delivered."""

    dead: str
    running: str
    delivered: str


def customers_pictures(house: Pressroom, shown: Shown) -> tuple[Picture, ...]:
    """Return what is shown of customers' pages."""
    running, delivered = (urlsplit(house.order(one)["url"]).path for one in (shown.running, shown.delivered))
    return (
        Picture("shop", "/products/personal_blueprint", 900, 1000),
        Picture("order-under-way", running, 900, 720),
        Picture("order-delivered-phone", delivered, 390, 800, "dark"),
    )


def operators_pictures(order: str) -> tuple[Picture, ...]:
    """Return what is shown of operators' pages."""
    return (
        Picture("ops-overview", "/ops/", 1200, 560),
        Picture("ops-order", f"/ops/orders/{order}", 1200, 1100),
        Picture("ops-order-dark", f"/ops/orders/{order}", 1200, 1100, "dark"),
        Picture("ops-order-phone", f"/ops/orders/{order}", 390, 1000),
        Picture("ops-dead", "/ops/dead", 1200, 420),
    )


def buy(house: Pressroom, number: int, **session: Any) -> str:
    """Deliver a paid order of one of the customers."""
    name = _NAMES[number % len(_NAMES)]
    said = {"product": "life_clarity", "name": name, "question": "Shall I go?"}
    address = f"{name.split()[0].lower()}@customer.example"
    return house.buy(**{"metadata": said, "customer_details": {"email": address}, **session})


def deaths(house: Pressroom, number: int) -> None:
    """Return once so many dead letters are open."""
    house.until("deaths", lambda: house.db.dead_letters.count_documents({"state": "open"}) == number)


def furnish(house: Pressroom) -> Shown:
    """Have orders in many states. Returns those that are shown."""
    llm, inbox = house.stack.llm, house.stack.inbox
    delivered = [buy(house, number) for number in range(3)]
    for order in delivered:
        house.until_delivered(order)
    llm.add_fault(status=400, section="next_six_weeks")
    for number in range(4):
        buy(house, number)
    deaths(house, 4)
    llm.add_fault(kind="refusal", section="where_you_stand")
    shown, _ = buy(house, 3), buy(house, 0)
    deaths(house, 8)
    llm.clear_faults()
    inbox.add_fault(code=550, address="emmy@customer.example")
    buy(house, 4)
    deaths(house, 9)
    buy(house, 1, amount_subtotal=100)
    buy(house, 2, customer_details={"email": None})
    llm.add_fault(kind="hang", seconds=300, section="question_beneath")
    running = buy(house, 0)
    house.until("its plan", lambda: house.db.steps.find_one({"order": running, "state": "done"}))
    _date_back(house, shown)
    return Shown(shown, running, delivered[0])


def _date_back(house: Pressroom, shown: str) -> None:
    """Let those who wait have waited for some time, but for one whose timeline is shown."""
    waiting = house.db.orders.find({"attention": {"$ne": None}, "_id": {"$ne": shown}}, {"paid_at": 1})
    for number, order in enumerate(waiting):
        since = datetime.now(UTC) - timedelta(minutes=25 + 19 * number)
        house.db.orders.update_one({"_id": order["_id"]}, {"$set": {"paid_at": since, "placed_at": since}})


def mend(page: Page, house: Pressroom, order: str) -> None:
    """Sign in, and have the section written that the LLM had refused."""
    page.goto("/ops/")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out olga").wait_for()
    letter = house.db.dead_letters.find_one({"order": order, "step": re.compile("where_you_stand")})
    assert letter
    page.goto(f"/ops/dead/{letter['_id']}")
    page.get_by_label("Why, for the audit trail").fill("The model has another filter now")
    page.get_by_role("button", name="Replay").click()
    chapters = {"order": order, "kind": "render", "state": "done"}
    house.until("its chapter", lambda: house.db.steps.count_documents(chapters) == 3)


def bundle_mail(house: Pressroom) -> Letter:
    """Return the mail that brings a bundle's reports, which are as long as they are sold."""
    for product in ("personal_blueprint", "personal_horoscope"):
        house.start("worker", product)
    offer = OFFERS["bundle"]
    answers = {name: question.sample for name, question in offer.asked.items()}
    order = house.buy(metadata={"product": offer.name, **answers}, amount_subtotal=offer.price)
    house.until_delivered(order)
    return next(letter for letter in house.letters(order) if letter.headers["X-Pressroom-Mail"] == "completion")


def draw_mail(page: Page, letter: Letter) -> None:
    """Keep a mail as a wide window of a mail program shows it, from its first line to its last."""
    page.set_viewport_size({"width": 640, "height": 100})
    page.emulate_media(color_scheme="light")
    page.set_content(letter.html)
    keep("mail", page.screenshot(full_page=True))


def draw(page: Page, pictures: Iterable[Picture]) -> None:
    """Look at every page, and keep what is seen."""
    for one in pictures:
        page.set_viewport_size({"width": one.width, "height": one.height})
        page.emulate_media(color_scheme=one.scheme, reduced_motion="reduce")
        page.goto(one.path)
        for picture in page.locator("img[loading=lazy]").all():
            picture.scroll_into_view_if_needed()
        page.evaluate("scrollTo(0, 0)")
        keep(one.file, page.screenshot())


def keep(file: str, seen: bytes) -> None:
    """Keep a picture among the documentation's."""
    picture = Image.open(BytesIO(seen)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(_FOLDER / f"{file}.png", optimize=True)


def main() -> None:
    """Draw all pictures."""
    accounts = f"olga owner {hash_password(PASSWORD)}"
    with (
        tempfile.TemporaryDirectory(prefix="pressroom-") as folder,
        Stack(Path(folder)) as stack,
        Pressroom(stack, OPS_USERS=accounts) as house,
        sync_playwright() as driver,
    ):
        house.start_missing()
        letter = bundle_mail(house)
        stack.llm.set_brevity(brief=True)
        shown, page = furnish(house), launched(driver).new_context(base_url=house.door).new_page()
        draw_mail(page, letter)
        draw(page, customers_pictures(house, shown))
        mend(page, house, shown.dead)
        draw(page, operators_pictures(shown.dead))


if __name__ == "__main__":
    main()
