"""`pressroom orders resume`, and what the doctor says of a budget."""

import pytest

from infra.local.environment import outer_environment
from tests.commands import run
from tests.pressroom import PRESSROOM, Pressroom

WHY = ("--reason", "worth it")


def paused(door: Pressroom) -> str:
    """Return an order whose budget is spent."""
    order = door.buy()
    pause = {"reason": "Spent.", "call_usd": 0.5, "holds": True, "number": 1}
    door.db.orders.update_one({"_id": order}, {"$set": {"pause": pause}})
    return order


def test_a_paused_order_is_resumed_with_a_budget_of_its_own(front_door: Pressroom) -> None:
    """The order leaves the operator's list, and the audit trail has who, why and how much."""
    order = paused(front_door)
    shown = front_door.order(order)
    assert (shown["state"], shown["attention"]) == ("needs_attention", "Spent.")
    assert front_door.cli("orders", "resume", order, *WHY, "--budget", "5") == f"{order} resumed\n"
    shown = front_door.order(order)
    assert (shown["state"], shown["attention"]) == ("paid", None)
    (entry,) = front_door.db.audit.find({"order": order})
    assert (entry["action"], entry["reason"], entry["subject"]) == ("resumed", "worth it", "budget 5 US dollars")
    assert "is paused" in front_door.cli("orders", "resume", order, *WHY, code=1)


def test_a_budget_that_would_not_do_ends_with_1(front_door: Pressroom) -> None:
    """One line says what the order needs; without a budget it goes on."""
    order = paused(front_door)
    refused = front_door.cli("orders", "resume", order, *WHY, "--budget", "0.1", code=1)
    assert "may cost 0.50 US dollars" in refused
    assert refused.count("\n") == 1
    assert front_door.cli("orders", "resume", order, *WHY, "--no-budget") == f"{order} resumed\n"


@pytest.mark.parametrize(
    "args",
    [
        ("cs_1",),
        WHY,
        ("cs_1", *WHY, "--budget", "0"),
        ("cs_1", *WHY, "--budget", "-1"),
        ("cs_1", *WHY, "--budget", "nan"),
        ("cs_1", *WHY, "--budget", "inf"),
        ("cs_1", *WHY, "--budget", "much"),
        ("cs_1", *WHY, "--budget", "5", "--no-budget"),
    ],
    ids=" ".join,
)
def test_a_resumption_that_makes_no_sense_is_wrong_usage(front_door: Pressroom, args: tuple[str, ...]) -> None:
    """An order, a reason and at most one word about the budget are needed; anything else ends with 2."""
    assert "Error: " in front_door.cli("orders", "resume", *args, code=2)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "many"])
def test_a_budget_that_is_none_stops_the_start(front_door: Pressroom, value: str) -> None:
    """The setting is a number of US dollars above 0, and is named if it is not."""
    code, out, err = run(
        {**outer_environment(), **front_door.stack.env, "ORDER_BUDGET_USD": value}, PRESSROOM, "worker", "bundle"
    )
    assert (code, out) == (2, "")
    assert "ORDER_BUDGET_USD" in err
    assert err.count("\n") == 1


def test_the_doctor_says_whether_a_budget_can_be_kept(front_door: Pressroom) -> None:
    """A budget for a model without a known price is a finding that ends with 1."""
    env = {**outer_environment(), **front_door.stack.env, **front_door.env}
    assert front_door.json("doctor", "model")[1] == {
        "server": "budget",
        "well": True,
        "finding": "no ORDER_BUDGET_USD",
    }
    code, out, _ = run({**env, "ORDER_BUDGET_USD": "2"}, PRESSROOM, "doctor", "model")
    assert (code, "2 US dollars an order" in out) == (0, True)
    code, out, _ = run({**env, "ORDER_BUDGET_USD": "2", "OPENAI_MODEL": "llama-9"}, PRESSROOM, "doctor", "model")
    assert code == 1
    assert "llama-9" in out
