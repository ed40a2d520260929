"""Dead letters by their cause, and many of them closed at once, in a browser and from the command line."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.reports.begin_report import new_steps
from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]
CAUSE = "The mail was refused: 550."


@pytest.fixture
def letters(house: Pressroom) -> Iterator[list[str]]:
    """Dead letters: three of one cause, of two orders, and one of an older version."""
    house.db.dead_letters.delete_many({})
    one, other = house.buy(), house.buy()
    ids = [f"{one}:confirm_order:1", f"{one}:complete_order:2", f"{other}:confirm_order:3", f"{other}:old:4"]
    for letter in ids:
        order, errand, _ = letter.split(":")
        facts: dict[str, Any] = {"kind": "errand", "order": order, "product": None, "step": None}
        cause = {"reason": CAUSE, "error": "550 no", "traceback": "", "attempts": 1, "fails": False}
        death = {"state": "open", "at": datetime.now(UTC), **cause}
        if errand != "old":
            death |= {"group": "g1", "cause": CAUSE}
        house.db.dead_letters.insert_one({"_id": letter, **facts, "errand": errand, **death})
    yield ids
    house.db.dead_letters.delete_many({})


def open_letters(house: Pressroom) -> set[str]:
    """Return the ids of the dead letters that are open."""
    return {letter["_id"] for letter in house.db.dead_letters.find({"state": "open"})}


def quoted(browser: Browser, **fields: str) -> str:
    """Have a quote made, and return the path of its page."""
    made = browser.post("/ops/bulk", form_key=browser.form_key(), **fields)
    assert made.status_code == 303
    return made.headers["location"]


def acted(browser: Browser, path: str, action: str) -> int:
    """Do something with bulk work, as its page offers. Returns the status."""
    fields = {"form_key": browser.form_key(), "reason": "mended", "action": action}
    found = re.search(r'name="quote" value="(\w+)"', browser.get(path).text)
    return browser.post(path, **fields, quote=found[1] if found else "").status_code


def test_dead_letters_are_counted_by_their_cause(
    house: Pressroom, browser_of: OpenBrowser, letters: list[str]
) -> None:
    """Each cause has its letters and the money of their orders, each order once; older letters are one, too."""
    groups = {group["group"]: group for group in house.json("dead", "groups")}
    assert (groups["g1"]["letters"], groups["g1"]["cause"], groups["g1"]["paid"]) == (3, CAUSE, {"usd": 3800})
    assert groups["none"]["letters"] == 1
    shown = browser_of("vera").get("/ops/dead").text
    assert CAUSE in shown
    assert "38.00 USD" in shown
    one = browser_of("vera").get("/ops/dead?group=g1").text
    assert [letter in one for letter in letters] == [True, True, True, False]
    assert browser_of("vera").get("/ops/dead?group=nothing").status_code == 404


def test_a_group_is_replayed_in_bulk(house: Pressroom, browser_of: OpenBrowser, letters: list[str]) -> None:
    """It is quoted, and begun as quoted; paused it stands still, resumed the sweep does it, and says how far."""
    browser = browser_of("olaf")
    path = quoted(browser, group="g1", action="replayed")
    shown = browser.get(path).text
    assert "3 dead letters" in shown
    assert "1 completion, 2 confirmation" in shown
    for action in ("begin", "pause"):
        assert acted(browser, path, action) == 303
    house.cli("sweep", "--once")
    assert open_letters(house) == set(letters)
    assert acted(browser, path, "resume") == 303
    house.cli("sweep", "--once")
    house.cli("sweep", "--once")
    assert open_letters(house) == {letters[3]}
    assert "3 of 3 done, 0 failed, 0 left" in browser.get(path).text
    view = house.json("bulk", "show", path.rpartition("/")[2])
    assert (view["state"], view["done"], view["who"], view["failures"]) == ("done", 3, "olaf", [])
    assert acted(browser, path, "cancel") == 422


def test_what_changed_is_quoted_anew(house: Pressroom, browser_of: OpenBrowser, letters: list[str]) -> None:
    """If a letter was closed while the quote was on view, nothing is begun, and the page has the new quote."""
    browser = browser_of("olaf")
    path = quoted(browser, group="g1", action="discarded")
    quote = browser.quote(path)
    house.cli("dead", "discard", letters[0], "--reason", "known")
    fields = {"form_key": browser.form_key(), "reason": "mended", "action": "begin"}
    refused = browser.post(path, **fields, quote=quote)
    assert (refused.status_code, "This has changed" in refused.text) == (422, True)
    assert "It is discarded already." in refused.text
    assert browser.post(path, **fields, quote=browser.quote(path)).status_code == 303


def test_a_viewer_only_looks_at_bulk_work(house: Pressroom, browser_of: OpenBrowser, letters: list[str]) -> None:
    """A viewer sees quotes and no button; the forms that they send all the same are refused."""
    path = quoted(browser_of("olaf"), group="g1", action="replayed")
    viewer = browser_of("vera")
    assert 'value="begin"' not in viewer.get(path).text
    key = viewer.form_key()
    assert viewer.post(path, form_key=key, reason="mended", action="begin").status_code == 403
    assert viewer.post("/ops/bulk", form_key=key, group="g1", action="replayed").status_code == 403
    assert open_letters(house) == set(letters)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"product": "unheard_of", "action": "replayed"}, 422),
        ({"since": "yesterday", "action": "replayed"}, 422),
        ({"group": "$ne", "action": "replayed"}, 422),
        ({"group": "g1", "action": "forgotten"}, 400),
    ],
)
def test_a_filter_that_finds_nothing_is_said_to(
    browser_of: OpenBrowser, letters: list[str], fields: dict[str, str], status: int
) -> None:
    """Nothing is quoted for an unknown product, a time that is none, or another act, and the page says why."""
    del letters
    browser = browser_of("olaf")
    assert browser.post("/ops/bulk", form_key=browser.form_key(), **fields).status_code == status


def test_a_time_says_its_zone_or_has_that_of_utc(
    house: Pressroom, browser_of: OpenBrowser, letters: list[str]
) -> None:
    """A time with an offset is that moment, as it is on the command line."""
    del letters
    browser = browser_of("olaf")
    for since in ("2026-03-01T10:00", "2026-03-01T12:00+02:00"):
        path = quoted(browser, group="g1", action="replayed", since=since)
        assert "since 2026-03-01 10:00 UTC" in house.json("bulk", "show", path.rpartition("/")[2])["about"]


def test_the_command_line_quotes_first(house: Pressroom, letters: list[str]) -> None:
    """A dry run only quotes; without a yes nothing is begun; unknown work, and a wrong filter, are one line."""
    assert "2 confirmation" in house.cli("dead", "replay", "--group", "g1", "--reason", "x", "--dry-run")
    house.cli("dead", "replay", "--group", "g1", "--reason", "x", code=1)
    assert open_letters(house) == set(letters)
    begun = house.cli("dead", "discard", "--tenant", "main", "--since", "1d", "--reason", "x", "--yes")
    house.cli("sweep", "--once")
    assert open_letters(house) == set()
    bulk = begun.splitlines()[-1].split()[0]
    assert {"id": bulk, "done": 4}.items() <= house.json("bulk", "list")[0].items()
    assert "no bulk work" in house.cli("bulk", "show", "unknown", code=1)
    assert "No open dead letter" in house.cli("dead", "replay", "--model", "x", "--reason", "x", "--yes", code=1)
    house.cli("dead", "replay", "--since", "soon", "--reason", "x", code=2)
    house.cli("dead", "replay", letters[0], "--group", "g1", "--reason", "x", code=2)


def test_an_order_is_replayed_from_its_page(house: Pressroom, browser_of: OpenBrowser, letters: list[str]) -> None:
    """The page quotes all that is dead of an order, and does it; a section that is none is refused."""
    browser = browser_of("olaf")
    order = letters[0].split(":")[0]
    path = f"/ops/orders/{order}/replay"
    assert "1 completion, 1 confirmation" in browser.get(path).text
    fields = {"form_key": browser.form_key(), "reason": "mended", "quote": browser.quote(path)}
    assert browser.post(path, **fields).headers["location"] == f"/ops/orders/{order}"
    assert open_letters(house) == set(letters[2:])
    assert browser.post(path, **fields).status_code == 422
    assert "is not begun" in browser.get(f"{path}?from=life_clarity:nothing").text
    assert browser.get("/ops/orders/cs_unknown/replay").status_code == 404
    assert "nothing to replay" in house.cli("orders", "replay", order, "--reason", "x", "--dry-run", code=1)


@pytest.fixture
def old_orders(house: Pressroom) -> Iterator[list[str]]:
    """Two orders that were paid long ago."""
    house.db.orders.delete_many({})
    ids = [house.buy(), house.buy()]
    house.db.orders.update_many({"_id": {"$in": ids}}, {"$set": {"paid_at": datetime(2026, 1, 2, tzinfo=UTC)}})
    yield ids
    house.db.orders.delete_many({})


def test_an_owner_ends_old_orders(house: Pressroom, browser_of: OpenBrowser, old_orders: list[str]) -> None:
    """The quote has their money and names who is refused; the sweep refunds; an operator may look, and cancel."""
    house.db.orders.update_one({"_id": old_orders[0]}, {"$set": {"on_hold": True}})
    owner, operator = browser_of("olga"), browser_of("olaf")
    fields = {"form_key": operator.form_key(), "action": "refunded", "days": "14"}
    assert operator.post("/ops/bulk", **fields).status_code == 403
    assert 'value="refunded"' not in operator.get("/ops/bulk").text
    path = quoted(owner, action="refunded", days="14")
    shown = owner.get(path).text
    assert [one for one in ("1 order<", "19.00 USD", old_orders[0], "1 refund") if one not in shown] == []
    assert acted(operator, path, "begin") == 403
    assert acted(owner, path, "begin") == 303
    house.cli("sweep", "--once")
    assert [one["_id"] for one in house.db.orders.find({"letter": "refund"})] == old_orders[1:]
    assert "1 of 2 done, 1 failed" in operator.get(path).text
    assert owner.post("/ops/bulk", form_key=owner.form_key(), action="refunded", days="soon").status_code == 422


def test_old_orders_are_ended_from_the_command_line(house: Pressroom, old_orders: list[str]) -> None:
    """A dry run only quotes, without a yes nothing is begun, and an order and a filter exclude one another."""
    command = ("orders", "refund", "--paid-before", "14d", "--reason", "given up")
    assert "38.00 USD" in house.cli(*command, "--dry-run")
    house.cli(*command, code=1)
    house.cli("orders", "refund", old_orders[0], "--paid-before", "14d", "--reason", "x", code=2)
    house.cli("orders", "refund", "--reason", "x", code=2)
    assert house.db.orders.count_documents({"letter": "refund"}) == 0
    assert "No open order" in house.cli(*command, "--tenant", "sister", "--yes", code=1)
    house.cli(*command, "--product", "life_clarity", "--yes")
    house.cli("sweep", "--once")
    assert house.db.orders.count_documents({"letter": "refund"}) == 2


@pytest.fixture
def in_other_words(house: Pressroom) -> str:
    """An order that was begun in other words than today's, with a dead section."""
    order = house.buy()
    today = plan_of(PRODUCTS["life_clarity"])
    steps = {key: dict(step) for key, step in today["steps"].items()}
    steps["write-what_pulls_you"]["brief"] = "Write it as yesterday."
    pinned: Any = {**today, "_id": "life_clarity-yesterday", "steps": steps}
    house.db.plans.replace_one({"_id": pinned["_id"]}, pinned, upsert=True)
    begun = {"plan": pinned["_id"], "planned": True, "state": "running", "began_at": datetime.now(UTC)}
    house.db.reports.update_one({"order": order}, {"$set": begun, "$unset": {"check_at": ""}})
    report: Any = house.db.reports.find_one({"order": order})
    made: list[Any] = [{**step, "state": "done", "result": {"text": "x"}} for step in new_steps(report, pinned)]
    made[0] |= {"state": "dead", "reason": "503"}
    for step in made:
        step.pop("due_at", None)
    house.db.steps.insert_many(made)
    return order


def test_a_replay_in_todays_words_says_what_differs(
    house: Pressroom, browser_of: OpenBrowser, in_other_words: str
) -> None:
    """Page and command name the section whose words changed, and the replay writes it beside what is dead."""
    path = f"/ops/orders/{in_other_words}/replay?from=&words=today"
    browser = browser_of("olaf")
    shown = browser.get(path).text
    assert [one for one in ("life_clarity:what_pulls_you", "today&#39;s words") if one not in shown] == []
    command = ("orders", "replay", in_other_words, "--words", "today", "--reason", "mended")
    assert "life_clarity:what_pulls_you" in house.cli(*command, "--dry-run")
    fields = {"form_key": browser.form_key(), "reason": "mended", "quote": browser.quote(path)}
    assert browser.post(path, **fields).status_code == 303
    again = house.db.steps.find({"order": in_other_words, "kind": "write", "run": 2})
    assert {step["section"] for step in again} == {"where_you_stand", "what_pulls_you"}
    assert "Its words are today" in house.cli(*command, "--yes", code=1)
