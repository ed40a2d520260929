"""A report whose section stands on what was computed: each computation is kept, and retried on its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.pdf_text import text_of
from infra.local.stack import Stack
from tests.pressroom import ANSWERS, WITH_TEST_PRODUCTS, Pressroom

QUESTION = "Which of them flies from one end of the earth to the other?"


@pytest.fixture(scope="module")
def pressroom(stack: Stack) -> Iterator[Pressroom]:
    """The processes that a grounded report needs."""
    with Pressroom(stack, WITH_TEST_PRODUCTS) as running:
        parts = (("web",), ("sweep",), ("worker", "field_notes"), ("worker", "bundle"))
        started = [running.start(*args, wait=False) for args in parts]
        for part in started:
            part.wait_ready()
        yield running
        running.forget()


def bought(pressroom: Pressroom) -> str:
    """Buy the field notes, and return the order."""
    metadata = {"product": "field_notes", **ANSWERS, "question": QUESTION}
    return pressroom.buy(metadata=metadata, amount_subtotal=900)


def steps(pressroom: Pressroom, order: str) -> dict[str, Any]:
    """Return the steps of an order by their keys."""
    return {step["key"]: step for step in pressroom.db.steps.find({"order": order})}


def test_a_section_is_written_from_what_was_computed_for_it(pressroom: Pressroom) -> None:
    """The passages are in the section's request and on the chart, its sources in the book; there was one call."""
    order = bought(pressroom)
    pressroom.until_delivered(order)
    (request,) = pressroom.stack.llm.requests(order=order)
    assert "flies from one end of the earth" in request.input
    assert "An owl hears" not in request.input
    text = " ".join(text_of(pressroom.book(order, "field_notes")).split())
    assert text.index("Met: Tern") < text.index(request.word)
    assert text.index(request.word) < text.index("Tern, read: The tern sees two summers a year")


def test_a_section_that_is_asked_for_again_computes_nothing_again(pressroom: Pressroom) -> None:
    """What was computed is kept: a failing call is tried again by itself, on the same passages."""
    pressroom.stack.llm.add_faults({"status": 500, "section": "answer", "times": 1})
    order = bought(pressroom)
    pressroom.until_delivered(order)
    done = steps(pressroom, order)
    assert {key: done[f"compute-{key}"]["epoch"] for key in ("retrieved", "reranked", "sources")} == {
        "retrieved": 1,
        "reranked": 1,
        "sources": 1,
    }
    first, second = pressroom.stack.llm.requests(order=order)
    assert first.input == second.input
