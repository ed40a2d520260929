"""What is shown of an order to the holder of its link, and of failed work to an operator."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import plain_http
from tests.pressroom import Pressroom

#: Clears the screen, and in one byte begins to colour; then the end of a line, and text that runs backwards.
NASTY = "\x1b[2J\x9b31m\r\x07\x7f\u202eIt failed for Ada."


@pytest.fixture
def troubled(front_door: Pressroom) -> dict[str, Any]:
    """An order that waits for an operator, as the command line shows it, with a dead letter."""
    order = front_door.buy()
    front_door.db.orders.update_one({"_id": order}, {"$set": {"attention": "It cost 5.02 US dollars."}})
    letter = {
        "_id": f"{order}:step:1{NASTY}",
        "kind": "step",
        "order": order,
        "product": "life_clarity",
        "step": f"{order}:life_clarity:write-x",
        "reason": "It failed.",
        "error": NASTY,
        "traceback": f"Traceback:\n  {NASTY}\n",
        "attempts": 1,
        "state": "open",
        "fails": True,
        "at": datetime.now(UTC),
    }
    front_door.db.dead_letters.insert_one(letter)
    shown: dict[str, Any] = front_door.order(order)
    return shown


def test_a_link_shows_what_the_contract_names_and_no_more(front_door: Pressroom, troubled: dict[str, Any]) -> None:
    """Costs and mails stay inside, and so does why an operator is needed: that one is, is said in one sentence."""
    shown = plain_http.get(f"{troubled['url']}.json").json()
    own = {"order_id", "state", "tenant", "product", "url", "on_hold", "amount_refunded", "dead"}
    own |= {"placed_at", "paid_at"}
    assert set(shown) == own | {"reports", "mails_refused", "attention"}
    assert {name: shown[name] for name in own} == {name: troubled[name] for name in own}
    assert (shown["state"], shown["attention"]) == ("needs_attention", "One of us is looking after it.")
    progress = {"sections_done", "sections_total", "chunks_done", "chunks_total", "downloads"}
    assert [set(report) for report in shown["reports"]] == [{"product", "state", "pdf"} | progress]
    assert "5.02" not in plain_http.get(troubled["url"]).text
    with plain_http.stream(f"{troubled['url']}/events", timeout=60) as stream:
        assert next(json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data:")) == shown
    well = front_door.order(front_door.buy())
    assert plain_http.get(f"{well['url']}.json").json()["attention"] is None


def test_a_terminal_obeys_nothing_that_was_stored(front_door: Pressroom, troubled: dict[str, Any]) -> None:
    """Tables, fields, tracebacks and JSON have escapes for control characters, and JSON still holds them all."""
    (letter_id,) = troubled["dead"]
    for args in (
        ("dead", "list"),
        ("dead", "show", letter_id),
        ("dead", "list", "--json"),
        ("dead", "show", letter_id, "--json"),
        ("dead", "discard", letter_id, "--reason", "x", "--dry-run"),
        ("orders", "show", troubled["order_id"]),
        ("orders", "show", troubled["order_id"], "--json"),
    ):
        out = front_door.cli(*args)
        assert out.replace("\n", "").isprintable(), args
    assert front_door.json("dead", "show", letter_id)["error"] == NASTY
    refused = front_door.cli("dead", "replay", f"{NASTY}no", "--reason", "x", code=1)
    assert refused.replace("\n", "").isprintable()
