"""`pressroom orders cost`: what an operator sees of money."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.pressroom import Pressroom

USAGE = {"input": 1000, "cached": 400, "output": 300, "estimated": False}
WRITING = {**USAGE, "cache_write": 500}


def call(door: Pressroom, order: str, section: str, days_ago: int = 0, **facts: Any) -> None:
    """Write down a call; without facts, one that was not answered."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    product = {"product": "life_clarity", "report": f"{order}:life_clarity", "tenant": "main"}
    about = {"order": order, "section": section, "step": f"{order}:life_clarity:write-{section}", **product}
    state = {"state": "settled", "outcome": "written", "usage": USAGE, **facts} if facts else {"state": "open"}
    day = at.strftime("%Y-%m-%d")
    door.db.ledger.insert_one({"_id": uuid.uuid4().hex, **about, **state, "opened_at": at, "day": day})


def test_an_order_is_shown_section_by_section(front_door: Pressroom) -> None:
    """Sections, reports and the order show attempts, outcomes, models, tokens and dollars."""
    order = front_door.buy()
    call(front_door, order, "one", outcome="refused", model="gpt-5-mini", cost_usd=0.001)
    call(front_door, order, "one", model="gpt-5-mini", cost_usd=0.002)
    call(front_door, order, "two", model="gpt-5-mini", cost_usd=0.004)
    shown = front_door.json("orders", "cost", order)
    assert (shown["order_id"], shown["tenant"], shown["product"]) == (order, "main", "life_clarity")
    (report,) = shown["reports"]
    assert [(section["section"], section["outcomes"]) for section in report["sections"]] == [
        ("one", ["refused", "written"]),
        ("two", ["written"]),
    ]
    assert report["sections"][0]["models"] == ["gpt-5-mini"]
    whole = {
        "attempts": 3,
        "settled": 3,
        "possibly_paid": 0,
        "input_tokens": 3000,
        "cached_tokens": 1200,
        "cache_write_tokens": 0,
        "output_tokens": 900,
        "cache_write_usd": 0,
        "cost_usd": 0.007,
        "known_usd": 0.007,
    }
    assert report["total"] == shown["total"] == whole
    table = front_door.cli("orders", "cost", order)
    for word in ("one", "two", "in all", "0.004"):
        assert word in table


def test_what_is_unknown_is_never_shown_as_0(front_door: Pressroom) -> None:
    """A price that nobody knows is null, and so is a sum that it is part of; open calls are possibly paid."""
    order = front_door.buy()
    call(front_door, order, "one", model="llama-9", cost_usd=None)
    call(front_door, order, "two", model="gpt-5-mini", cost_usd=0.002)
    call(front_door, order, "three")
    shown = front_door.json("orders", "cost", order)
    one, two, three = shown["reports"][0]["sections"]
    assert [section["cost_usd"] for section in (one, two, three)] == [None, 0.002, None]
    assert (three["possibly_paid"], three["outcomes"], three["models"]) == (1, ["open"], [])
    assert (shown["total"]["cost_usd"], shown["total"]["known_usd"]) == (None, 0.002)
    assert front_door.order(order)["llm"]["cost_usd"] is None
    assert "unknown" in front_door.cli("orders", "cost", order)


def test_cache_writes_have_columns_of_their_own(front_door: Pressroom) -> None:
    """What the provider stored, and what it took for that, stands beside the rest; without a price it is null."""
    order = front_door.buy()
    for cost_usd in (0.001, 0.002):
        facts: Any = {"usage": WRITING, "cost_usd": 0.01, "cache_write_usd": cost_usd}
        call(front_door, order, "one", model="gpt-6-luna", **facts)
    call(front_door, order, "two", model="llama-9", usage=WRITING, cost_usd=None, cache_write_usd=None)
    shown = front_door.json("orders", "cost", order)
    sums = [*shown["reports"][0]["sections"], shown["total"]]
    found = [(one["cache_write_tokens"], one["cache_write_usd"]) for one in sums]
    assert found == [(1000, 0.003), (500, None), (1500, None)]
    lines = front_door.cli("orders", "cost", order).splitlines()
    assert lines[0].split()[7:10] == ["stored", "stored", "usd"]
    assert [line.split()[-4:-2] for line in lines[2:4]] == [["1000", "0.003000"], ["500", "unknown"]]


def test_costs_are_summed_over_orders(front_door: Pressroom) -> None:
    """Without an order, costs are summed by what is asked for, within the time and the number asked for."""
    front_door.db.ledger.delete_many({})
    for number in range(3):
        call(front_door, f"cs_{number}", "one", number, model="gpt-5-mini", cost_usd=0.001 * (number + 1))
    assert [row["order"] for row in front_door.json("orders", "cost")] == ["cs_2", "cs_1", "cs_0"]
    assert [row["order"] for row in front_door.json("orders", "cost", "--since", "36h")] == ["cs_1", "cs_0"]
    assert [row["order"] for row in front_door.json("orders", "cost", "--until", "36h")] == ["cs_2"]
    assert [row["order"] for row in front_door.json("orders", "cost", "--by", "order", "--limit", "1")] == ["cs_2"]
    days = front_door.json("orders", "cost", "--by", "day")
    assert [row["cost_usd"] for row in days] == [0.001, 0.002, 0.003]
    (tenant,) = front_door.json("orders", "cost", "--by", "tenant")
    assert (tenant["tenant"], tenant["attempts"], tenant["cost_usd"]) == ("main", 3, 0.006)
    assert "life_clarity" in front_door.cli("orders", "cost", "--by", "product")


@pytest.mark.parametrize(
    "args",
    [
        ("cs_1", "--by", "day"),
        ("cs_1", "--since", "3d"),
        ("--by", "customer"),
        ("--since", "yesterday"),
        ("--until", "2999-01-01"),
        ("--since", "1d", "--until", "2d"),
        ("--limit", "0"),
    ],
    ids=" ".join,
)
def test_a_question_about_costs_that_makes_no_sense_is_wrong_usage(
    front_door: Pressroom, args: tuple[str, ...]
) -> None:
    """An order and a sum at once, an unknown field, or a time that is none, ends with 2."""
    assert "Error: " in front_door.cli("orders", "cost", *args, code=2)


def test_the_cost_of_an_order_that_does_not_exist_ends_with_1(front_door: Pressroom) -> None:
    """Asking for an unknown order is one line and exit 1."""
    assert front_door.cli("orders", "cost", "cs_none", code=1) == "pressroom: There is no order cs_none.\n"
