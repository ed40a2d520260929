"""An order that may not cost what it costs: nothing is bought until an operator says so."""

from collections.abc import Iterator

import pytest

from tests.pressroom import Pressroom


@pytest.fixture
def thrifty(pressroom: Pressroom) -> Iterator[Pressroom]:
    """The processes, with a worker that may spend next to nothing on an order."""
    pressroom.part("worker-life_clarity").terminate()
    worker = pressroom.start("worker", "life_clarity", ORDER_BUDGET_USD="0.001")
    yield pressroom
    worker.terminate()


@pytest.mark.long
def test_an_order_beyond_its_budget_waits_for_an_operator_and_is_delivered(thrifty: Pressroom) -> None:
    """It is paused before its first call, all its sections lie still, and once resumed each is bought once."""
    order = thrifty.buy()

    def is_parked() -> bool:
        parked = {"order": order, "kind": "write", "state": "queued", "due_at": {"$exists": False}}
        return thrifty.db.steps.count_documents(parked) == 4

    thrifty.until("four sections that lie still", is_parked)
    shown = thrifty.order(order)
    assert (shown["state"], shown["llm"]["attempts"]) == ("needs_attention", 0)
    assert shown["attention"] == "The order's budget of 0.001 US dollars allows no other call."
    thrifty.cli("orders", "resume", order, "--reason", "worth it", "--budget", "1")
    shown = thrifty.until_delivered(order)
    assert (shown["attention"], shown["llm"]["attempts"], shown["llm"]["settled"]) == (None, 4, 4)
