"""`pressroom audit` for an operator: its verdict, its exit code, and its words on servers that it cannot ask."""

import json

import pytest

from infra.local.environment import outer_environment
from tests.commands import Done, run
from tests.pressroom import PRESSROOM, Pressroom


@pytest.fixture(scope="module")
def orders(front_door: Pressroom) -> tuple[str, str]:
    """An order that is within its promise, and one that waits for an operator whose alert was lost."""
    well, ill = front_door.buy(), front_door.buy(amount_subtotal=100)
    front_door.until("a call", lambda: front_door.db.orders.find_one({"_id": ill, "attention": {"$ne": None}}))
    front_door.db.alerts.delete_many({"order": ill})
    return well, ill


def audit(front_door: Pressroom, *options: str, **env: str) -> Done:
    """Run the command."""
    return run(
        {**outer_environment(), **front_door.stack.env, **front_door.env, **env}, PRESSROOM, "audit", *options
    )


def test_a_broken_promise_is_a_line_and_exit_1(front_door: Pressroom, orders: tuple[str, str]) -> None:
    """The order is named with what is wrong; one that is well is not."""
    code, out, _ = audit(front_door, "--no-stripe")
    _, row = out.splitlines()
    assert (code, row.split()[:2]) == (1, [orders[1], "silent"])


def test_programs_hear_how_much_was_judged(front_door: Pressroom, orders: tuple[str, str]) -> None:
    """`--json` has the number of orders, each violation, and what was not judged."""
    found = json.loads(audit(front_door, "--no-stripe", "--json").out)
    text = "It waits for an operator, and no alert names it."
    violation = {"order": orders[1], "kind": "silent", "text": text}
    assert found == {"orders": 2, "violations": [violation], "unjudged": []}


def test_a_time_in_which_nothing_was_placed_is_well(front_door: Pressroom, orders: tuple[str, str]) -> None:
    """Only the orders of the time that is asked for are judged; a key that may not ask Stripe is named."""
    options = ("--since", "2d", "--until", "1d")
    code, out, err = audit(front_door, *options, STRIPE_API_KEY="sk_test_wrong")
    assert (code, out) == (0, "None.\n")
    assert err == "not judged: Stripe: Stripe refused the request: STRIPE_API_KEY is wrong, expired or revoked.\n"


def test_no_time_at_all_is_wrong_usage(front_door: Pressroom) -> None:
    """An end before the beginning is said in one line, and exit 2."""
    code, _, err = audit(front_door, "--since", "1d", "--until", "2d")
    assert code == 2
    assert "--since must be before --until." in err
