"""Pauses in the hands of operators: what they are told first, who may pause, and what is no pause."""

from collections.abc import Callable, Iterator

import pytest

from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]
SUBJECT = "product:life_clarity"


@pytest.fixture(autouse=True)
def _nothing_paused(house: Pressroom) -> Iterator[None]:
    """Begin and end without a pause."""
    house.db.work_pauses.delete_many({})
    yield
    house.db.work_pauses.delete_many({})


def paused(house: Pressroom) -> list[str]:
    """Return what is paused."""
    return [row["subject"] for row in house.json("pauses", "list")]


def test_an_operator_is_told_what_a_pause_does_before_it_is_begun(
    house: Pressroom, browser_of: OpenBrowser
) -> None:
    """The page counts the orders that wait and pass their promise; only the form that it then shows pauses."""
    browser = browser_of("olaf")
    house.buy()
    house.buy()
    told = browser.get(f"/ops/pauses?subject={SUBJECT}&for=3d").text
    assert "2 orders under way wait" in told
    assert "Past their promise: 0 now, 2 at its end." in told
    assert "0 now, 0 at its end" in browser.get(f"/ops/pauses?subject={SUBJECT}&for=1m").text
    assert "0 orders under way wait" in browser.get("/ops/pauses?subject=product:personal_blueprint&for=3d").text
    assert paused(house) == []
    form = {"form_key": browser.form_key(), "reason": "a wrong prompt", "subject": SUBJECT}
    assert browser.post("/ops/pauses", **form, **{"for": "3d"}, action="pause").status_code == 303
    assert paused(house) == [SUBJECT]
    assert "olaf: a wrong prompt" in page_of(browser)
    assert browser.post("/ops/pauses", **form, action="resume").status_code == 303
    assert (paused(house), house.db.audit.count_documents({"who": "olaf"})) == ([], 2)


def page_of(browser: Browser) -> str:
    """Return the page of pauses."""
    return browser.get("/ops/pauses").text


def test_the_command_line_tells_the_same_and_does_the_same(house: Pressroom) -> None:
    """A dry run changes nothing; a pause that is begun again has the new end; it ends on an operator's word."""
    begin = ("pauses", "begin", SUBJECT, "--reason", "a wrong prompt", "--for")
    assert "orders under way wait" in house.cli(*begin, "2h", "--dry-run")
    assert paused(house) == []
    house.cli(*begin, "2h")
    (first,) = house.json("pauses", "list")
    house.cli(*begin, "6d")
    (second,) = house.json("pauses", "list")
    assert first["until"] < second["until"]
    house.cli("pauses", "end", SUBJECT, "--reason", "mended")
    assert "is not paused" in house.cli("pauses", "end", SUBJECT, "--reason", "mended", code=1)


@pytest.mark.parametrize(
    ("subject", "end"),
    [
        (SUBJECT, "2020-01-01"),
        (SUBJECT, "8d"),
        (SUBJECT, "soon"),
        (SUBJECT, "99999d"),
        ("product:unknown", "2h"),
        ("tenant:nobody", "2h"),
        ("provider:other", "2h"),
    ],
)
def test_what_is_no_pause_is_refused(house: Pressroom, browser_of: OpenBrowser, subject: str, end: str) -> None:
    """An end that is past, too far away, or none, and an unknown subject: one line, and nothing is done."""
    said = house.cli("pauses", "begin", subject, "--for", end, "--reason", "why not", code=1)
    assert (len(said.splitlines()), said.startswith("pressroom: ")) == (1, True)
    browser = browser_of("olaf")
    assert browser.get(f"/ops/pauses?subject={subject}&for={end}").status_code == 422
    form = {"form_key": browser.form_key(), "reason": "why not", "subject": subject, "for": end, "action": "pause"}
    assert browser.post("/ops/pauses", **form).status_code == 422
    assert paused(house) == []


def test_a_viewer_pauses_nothing(house: Pressroom, browser_of: OpenBrowser) -> None:
    """A viewer sees what is paused, and no form; the one that they send all the same is refused."""
    browser = browser_of("vera")
    assert "<select" not in page_of(browser)
    form = {"form_key": browser.form_key(), "reason": "why not", "subject": SUBJECT, "for": "2h"}
    assert browser.post("/ops/pauses", **form, action="pause").status_code == 403
    assert paused(house) == []


def test_the_page_of_an_order_says_what_it_waits_for(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Only while the pause holds, and only where it holds work of the order back."""
    order, browser = house.buy(), browser_of("vera")
    house.cli("pauses", "begin", SUBJECT, "--reason", "a wrong prompt", "--for", "2h")
    assert f"{SUBJECT} is paused" in browser.get(f"/ops/orders/{order}").text
    house.cli("pauses", "end", SUBJECT, "--reason", "mended")
    house.cli("pauses", "begin", "product:personal_blueprint", "--reason", "a wrong prompt", "--for", "2h")
    assert "is paused" not in browser.get(f"/ops/orders/{order}").text
