"""An order that may not cost what it costs: nothing is bought until an operator says so."""

from infra.local.stack import Stack
from tests.pressroom import Pressroom


def test_an_order_beyond_its_budget_waits_for_an_operator_and_is_delivered(stack: Stack) -> None:
    """It is paused before its first call, all its sections lie still, and once resumed each is bought once."""
    with Pressroom(stack, ORDER_BUDGET_USD="0.001") as shop:
        shop.start_missing()
        order = shop.buy()

        def lies_still() -> bool:
            parked = {"order": order, "kind": "write", "state": "queued", "due_at": {"$exists": False}}
            return shop.db.steps.count_documents(parked) == 4

        shop.until("four sections that lie still", lies_still)
        shown = shop.order(order)
        assert (shown["state"], shown["llm"]["attempts"]) == ("needs_attention", 0)
        assert shown["attention"] == "The order's budget of 0.001 US dollars allows no other call."
        shop.cli("orders", "resume", order, "--reason", "worth it", "--budget", "1")
        shown = shop.until_delivered(order)
        assert (shown["attention"], shown["llm"]["attempts"], shown["llm"]["settled"]) == (None, 4, 4)
