"""Alerts in the hands of operators, in a browser and on the command line."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]


@pytest.fixture
def alert(house: Pressroom) -> str:
    """An alert that was told."""
    key, now = uuid.uuid4().hex, datetime.now(UTC)
    facts: dict[str, Any] = {
        "kind": "reconcile",
        "order": None,
        "event": f"pi_{key}",
        "text": f"It is odd <{key}>.",
    }
    told = {"state": "told", "told": ["mail"], "told_at": now, "heard": ["x"], "due_at": now}
    house.db.alerts.insert_one({"_id": key, **facts, "at": now, "seen": ["x"], **told})
    return key


def is_open(house: Pressroom, alert: str) -> bool:
    """Whether it is among the open alerts."""
    return alert in [row["id"] for row in house.json("alerts", "list")]


def settle(browser: Browser, alert: str, **fields: str) -> Any:
    """Send the form of an alert's page."""
    known = {"form_key": browser.form_key(), "reason": "seen to", "seen": "1", "action": "settle"}
    return browser.post(f"/ops/alerts/{alert}", **{**known, **fields})


def test_an_operator_settles_an_alert(house: Pressroom, browser_of: OpenBrowser, alert: str) -> None:
    """It leaves the open ones, and page and command line say who settled it, and why."""
    browser = browser_of("olaf")
    assert f"It is odd &lt;{alert}&gt;." in browser.get(f"/ops/alerts/{alert}").text
    settled = settle(browser, alert)
    assert (settled.status_code, settled.headers["location"], is_open(house, alert)) == (303, "/ops/alerts", False)
    (row,) = [row for row in house.json("alerts", "settled") if row["id"].startswith(alert)]
    assert (row["who"], row["why"]) == ("olaf", "seen to")
    assert "olaf: seen to" in browser.get("/ops/alerts").text
    assert settle(browser, alert).status_code == 404


def test_the_command_line_settles_and_snoozes(house: Pressroom, browser_of: OpenBrowser, alert: str) -> None:
    """A snoozed alert is still open, and says when it is told again; a settled one is not open."""
    house.cli("alerts", "snooze", alert, "--for", "12h", "--reason", "tomorrow")
    (row,) = [row for row in house.json("alerts", "list") if row["id"] == alert]
    assert row["snoozed_until"]
    assert "told again" in browser_of("vera").get(f"/ops/alerts/{alert}").text
    house.cli("alerts", "settle", alert, "--reason", "seen to")
    assert not is_open(house, alert)
    assert "no open alert" in house.cli("alerts", "settle", alert, "--reason", "again", code=1)


def test_a_snooze_without_a_sound_end_is_refused(house: Pressroom, browser_of: OpenBrowser, alert: str) -> None:
    """The page and the command say what an end may be, in a line, and the alert stays as it is."""
    browser = browser_of("olaf")
    for end in ("", "soon", "0h", "2020-01-01", "30d"):
        refused = settle(browser, alert, action="snooze", **{"for": end})
        assert (end, refused.status_code, 'role="alert"' in refused.text) == (end, 422, True)
    assert "in the future" in house.cli(
        "alerts", "snooze", alert, "--for", "2020-01-01", "--reason", "why", code=1
    )
    assert "such as 30m" in house.cli("alerts", "snooze", alert, "--for", "soon", "--reason", "why", code=1)
    assert is_open(house, alert)


def test_what_came_since_is_not_settled_unseen(house: Pressroom, browser_of: OpenBrowser, alert: str) -> None:
    """A form from a page that showed less than there is now settles nothing."""
    house.db.alerts.update_one({"_id": alert}, {"$push": {"seen": "y"}, "$set": {"texts": {"y": "Another."}}})
    browser = browser_of("olaf")
    for seen in ("1", "", "²", "9" * 20):
        refused = settle(browser, alert, seen=seen)
        assert (refused.status_code, "Another." in refused.text) == (422, True)
    assert settle(browser, alert, seen="2").status_code == 303


def test_a_viewer_settles_nothing(house: Pressroom, browser_of: OpenBrowser, alert: str) -> None:
    """A viewer sees the alert, and no form; the one that they send all the same is refused."""
    browser = browser_of("vera")
    assert "Settle" not in browser.get(f"/ops/alerts/{alert}").text
    assert (settle(browser, alert).status_code, is_open(house, alert)) == (403, True)
