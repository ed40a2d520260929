"""An order in the middle of which something dies, and what must have become of it."""

from tests.pressroom import Pressroom

CALLS = 4


def in_flight(pressroom: Pressroom, order: str) -> int:
    """Return how many LLM calls of an order the provider has not answered."""
    return sum(request.finished_at is None for request in pressroom.stack.llm.requests(order=order))


def until_writing(pressroom: Pressroom, order: str) -> None:
    """Return once all sections of an order are being written."""
    pressroom.until("writing", lambda: in_flight(pressroom, order) == CALLS)


def check_delivered(pressroom: Pressroom, order: str, *, repaid: int) -> None:
    """Check that the order is delivered by one mail, with so many calls beyond the four."""
    shown = pressroom.until_delivered(order)
    calls = len(pressroom.stack.llm.requests(order=order))
    assert calls == CALLS + repaid
    assert shown["llm"]["attempts"] == calls
    assert len(pressroom.letters(order)) == 1
    assert pressroom.book(order).startswith(b"%PDF-")
