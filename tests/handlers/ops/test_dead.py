"""Dead letters in the hands of operators: who may close them, and what does not count as their word."""

import json
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from infra.mail.errors import MailServerIsBusy
from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]


@pytest.fixture
def letter(house: Pressroom) -> str:
    """An open dead letter of an order."""
    order = house.buy()
    letter = f"errand:{order}:confirm_order"
    facts: dict[str, Any] = {"kind": "errand", "order": order, "product": None, "step": None}
    cause = {"reason": "It failed.", "error": "It failed.", "traceback": "Traceback: <script>", "attempts": 1}
    death = {"state": "open", "fails": False, "at": datetime.now(UTC), **cause}
    house.db.dead_letters.insert_one({"_id": letter, **facts, "errand": "confirm_order", **death})
    return letter


def state(house: Pressroom, letter: str) -> str:
    """Return the state of a dead letter."""
    found = house.db.dead_letters.find_one({"_id": letter})
    assert found is not None
    return str(found["state"])


def test_an_operator_replays_a_dead_letter(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """Its work is asked for again, it is closed, and the trail has the operator's name and reason."""
    browser = browser_of("olaf")
    shown = browser.get(f"/ops/dead/{letter}").text
    assert "Traceback: &lt;script&gt;" in shown
    path = f"/ops/dead/{letter}"
    fields = {"form_key": browser.form_key(), "quote": browser.quote(path), "action": "replayed"}
    closed = browser.post(path, reason="mended", **fields)
    assert (closed.status_code, state(house, letter)) == (303, "replayed")
    acted = house.db.audit.find_one({"subject": letter})
    assert acted is not None
    assert (acted["who"], acted["reason"], acted["action"]) == ("olaf", "mended", "replayed")
    again = browser.post(path, reason="once more", **fields)
    assert (again.status_code, "This has changed" in again.text) == (422, True)
    assert house.db.audit.count_documents({"subject": letter}) == 1


def test_a_quote_stands_beside_the_act(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """It says which mails go out; once the order is another one, nothing is done and the page has a new quote."""
    browser, path = browser_of("olaf"), f"/ops/dead/{letter}"
    assert "1 confirmation" in browser.get(path).text
    quote = browser.quote(path)
    house.db.orders.update_one({"_id": letter.split(":")[1]}, {"$set": {"forgotten_at": datetime.now(UTC)}})
    fields = {"form_key": browser.form_key(), "quote": quote, "action": "replayed", "reason": "mended"}
    refused = browser.post(path, **fields)
    assert (refused.status_code, state(house, letter)) == (422, "open")
    assert "This has changed" in refused.text
    assert "Its customer is forgotten." in refused.text


def test_an_act_needs_a_reason(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """Without one, the page says so and nothing is done."""
    browser = browser_of("olaf")
    refused = browser.post(f"/ops/dead/{letter}", form_key=browser.form_key(), reason=" ", action="replayed")
    assert (refused.status_code, "needs a reason" in refused.text) == (422, True)
    assert state(house, letter) == "open"


def test_a_viewer_only_looks(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """A viewer sees no button, and the form that they send all the same is refused."""
    browser = browser_of("vera")
    assert 'value="replayed"' not in browser.get(f"/ops/dead/{letter}").text
    refused = browser.post(f"/ops/dead/{letter}", form_key=browser.form_key(), reason="mended", action="replayed")
    assert (refused.status_code, state(house, letter)) == (403, "open")


def test_a_viewer_reads_no_words_of_an_error(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """They may quote a customer: a viewer sees types and frames of a whole chain, an operator all of it."""
    try:
        try:
            json.loads("")
        except ValueError as cause:
            raise MailServerIsBusy("550 no\nAda: Byron\n  Ada lives here") from cause
    except MailServerIsBusy as error:
        trace = "".join(traceback.format_exception(error))
    house.db.dead_letters.update_one({"_id": letter}, {"$set": {"traceback": trace}})
    shown, full = (unescape(browser_of(name).get(f"/ops/dead/{letter}").text) for name in ("vera", "olaf"))
    assert trace in full
    _, _, seen = shown.partition('aria-label="Traceback">')
    seen, _, _ = seen.partition("</pre>")
    frames = [line for line in trace.splitlines() if line.startswith("  File ")]
    types = ("json.decoder.JSONDecodeError", f"{MailServerIsBusy.__module__}.MailServerIsBusy")
    assert seen.splitlines() == [*frames[:-1], types[0], frames[-1], types[1]]


def test_a_forged_form_does_nothing(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """A form from another site, without our key, or with that of another operator, is refused."""
    browser = browser_of("olaf")
    mine, others = browser.form_key(), browser_of("vera").form_key()
    fields = {"reason": "mended", "action": "replayed"}
    path = f"/ops/dead/{letter}"
    for forged in (
        browser.post(path, origin="https://evil.example", form_key=mine, **fields),
        browser.post(path, origin="null", form_key=mine, **fields),
        browser.post(path, form_key=others, **fields),
        browser.post(path, **fields),
    ):
        assert (forged.status_code, state(house, letter)) == (403, "open")


def test_nothing_is_done_by_looking(house: Pressroom, browser_of: OpenBrowser, letter: str) -> None:
    """What stands in an address is never an order to act."""
    browser = browser_of("olaf")
    key = browser.form_key()
    shown = browser.get(f"/ops/dead/{letter}?form_key={key}&reason=mended&action=replayed")
    assert (shown.status_code, state(house, letter)) == (200, "open")
