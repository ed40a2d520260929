"""What a customer typed is corrected: what was made from it is made again, all of it, and told once."""

from typing import Any

import pytest

from infra.local.pdf_text import text_of
from tests import plain_http
from tests.journeys.test_order import link_in
from tests.pressroom import Pressroom, sha256

WRONG, RIGHT = "Ada Byron", "Ada Lovelace"
CORRECT = ("--answer", f"name={RIGHT}", "--reason", "she wrote to us")


def names(pressroom: Pressroom, order: str) -> list[str]:
    """Return the customer's name in each request for a section of an order, the oldest first."""
    asked = pressroom.stack.llm.requests(order=order)
    return [next(name for name in (WRONG, RIGHT) if f"<name>{name}</name>" in one.input) for one in asked]


def kinds(pressroom: Pressroom, order: str) -> list[str]:
    """Return the kinds of an order's letters, the oldest first."""
    return [letter.headers["X-Pressroom-Mail"] for letter in pressroom.letters(order)]


def found(pressroom: Pressroom, order: str) -> Any:
    """Return the order as MongoDB has it."""
    return pressroom.db.orders.find_one({"_id": order})


@pytest.mark.long
def test_a_delivered_report_is_made_again_from_the_right_answer(pressroom: Pressroom) -> None:
    """The same link brings a new PDF with the right name; each section is bought once more, one mail says so."""
    order = pressroom.buy()
    pressroom.until_delivered(order)
    link = link_in(pressroom.letters(order)[0].text, ".pdf")
    assert WRONG in text_of(plain_http.get(link, follow_redirects=True, timeout=30).content)
    quoted = pressroom.cli("orders", "correct", order, *CORRECT, "--dry-run")
    assert f"{order} would be corrected: name; calls: 4, about 0." in quoted
    assert quoted.endswith(" US dollars at list price; mails: 1\n")
    assert len(names(pressroom, order)) == 4
    pressroom.cli("orders", "correct", order, *CORRECT)
    pressroom.until("the second mail", lambda: len(pressroom.letters(order)) == 2)
    shown = pressroom.until_delivered(order)
    book = plain_http.get(link, follow_redirects=True, timeout=30).content
    assert (RIGHT in text_of(book), WRONG in text_of(book)) == (True, False)
    pdf = shown["reports"][0]["pdf"]
    assert sha256(book) == pdf["sha256"] == sha256(pressroom.stored(pdf["key"]))
    assert names(pressroom, order) == [WRONG] * 4 + [RIGHT] * 4
    assert kinds(pressroom, order) == ["completion", "correction"]
    assert (shown["state"], shown["dead"], shown["llm"]["attempts"]) == ("delivered", [], 8)
    assert link_in(pressroom.letters(order)[1].text, ".pdf") == link
    assert pressroom.json("audit", "--no-stripe")["violations"] == []


@pytest.mark.long
def test_a_correction_overtakes_what_is_being_written(pressroom: Pressroom) -> None:
    """Answers in the air are dropped, all sections are written from the right name, and the usual mail comes."""
    pressroom.stack.llm.set_latency(2)
    order = pressroom.buy()
    pressroom.until("writing", lambda: len(names(pressroom, order)) == 4)
    assert "calls: 4" in pressroom.cli("orders", "correct", order, *CORRECT)
    pressroom.stack.llm.set_latency(0.05)
    pressroom.until_delivered(order)
    assert (names(pressroom, order), kinds(pressroom, order)) == ([WRONG] * 4 + [RIGHT] * 4, ["completion"])
    text = text_of(pressroom.book(order))
    assert (RIGHT in text, WRONG in text) == (True, False)


def test_a_correction_revives_what_has_died(pressroom: Pressroom) -> None:
    """A section that is dead is written again with the others: no dead letter is left, nobody is needed."""
    pressroom.stack.llm.add_faults({"status": 400, "section": "what_pulls_you"})
    order = pressroom.buy()
    pressroom.until("death", lambda: found(pressroom, order)["attention"])
    pressroom.stack.llm.clear_faults()
    pressroom.cli("orders", "correct", order, *CORRECT)
    shown = pressroom.until_delivered(order)
    assert (shown["attention"], shown["dead"], kinds(pressroom, order)) == (None, [], ["completion"])
    assert RIGHT in text_of(pressroom.book(order))


def test_an_order_that_waits_for_an_answer_gets_it_from_an_operator(pressroom: Pressroom) -> None:
    """What was not understood is corrected, the order begins, and the wrong answer is gone with the customer."""
    order = pressroom.buy(metadata={"product": "life_clarity", "name": WRONG})
    pressroom.until("the order", lambda: found(pressroom, order))
    pressroom.cli("orders", "correct", order, "--answer", "question=What next?", *CORRECT)
    shown = pressroom.until_delivered(order)
    assert (shown["state"], kinds(pressroom, order)[-1]) == ("delivered", "completion")
    assert names(pressroom, order) == [RIGHT] * 4
    kept = found(pressroom, order)["corrections"]
    assert [(one["before"], one["after"]) for one in kept] == [
        ({"name": WRONG}, {"question": "What next?", "name": RIGHT})
    ]
    pressroom.cli("orders", "forget", order, "--reason", "she asked us to")
    pressroom.until("forgetting", lambda: "forgotten_at" in found(pressroom, order))
    assert "corrections" not in found(pressroom, order)
