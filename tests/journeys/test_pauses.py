"""A pause in the middle of business: what it is about waits and is delivered once, the rest does not notice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.pressroom import Pressroom

SUBJECT = "product:life_clarity"
WHY = ("--reason", "a wrong prompt")


def is_held(pressroom: Pressroom, order: str, **what: Any) -> int:
    """Number of the order's steps that are due at the end of the pause, all of them if its report is."""
    pause = pressroom.db.work_pauses.find_one()
    if pause is None:
        return 0
    unbegun = {"order": order, "state": "queued", "check_at": pause["until"]}
    steps = {"order": order, "state": "queued", "due_at": pause["until"], **what}
    return 4 * pressroom.db.reports.count_documents(unbegun) or pressroom.db.steps.count_documents(steps)


def held_order(pressroom: Pressroom) -> str:
    """Buy until an order is held back before its first call: workers hear of a pause within a second."""
    while True:
        order = pressroom.buy()
        over: dict[str, Any] = {"_id": order, "delivered_at": {"$ne": None}}

        def has_met_it(order: str = order, over: dict[str, Any] = over) -> bool:
            return is_held(pressroom, order) > 0 or bool(pressroom.db.orders.count_documents(over))

        pressroom.until("its pause, or its end", has_met_it)
        if is_held(pressroom, order, kind="write") == 4 or not pressroom.db.work_pauses.count_documents({}):
            return order


def delivered_once(pressroom: Pressroom, order: str) -> None:
    """Wait for the order, which has one letter, and four calls."""
    shown = pressroom.until_delivered(order)
    assert (len(pressroom.letters(order)), shown["llm"]["attempts"]) == (1, 4)


@pytest.mark.long
def test_a_paused_products_order_goes_on_when_it_is_resumed(pressroom: Pressroom) -> None:
    """It is taken, and lies still though a worker is killed meanwhile and a second one starts; then it is made."""
    pressroom.cli("pauses", "begin", SUBJECT, "--for", "2d", *WHY)
    orders = [held_order(pressroom) for _ in range(3)]
    pressroom.part("worker-life_clarity").kill()
    others = [pressroom.start("worker", "life_clarity") for _ in range(2)]
    assert pressroom.order(orders[0])["llm"]["attempts"] == 0
    pressroom.cli("pauses", "end", SUBJECT, *WHY)
    for order in orders:
        delivered_once(pressroom, order)
    others[0].terminate()
    assert pressroom.json("pauses", "list") == []


def test_a_paused_provider_waits_to_its_end_and_no_longer(pressroom: Pressroom) -> None:
    """The order's sections are bought after the pause's own end, without anybody's word."""
    end = datetime.now(UTC) + timedelta(seconds=10)
    pressroom.cli("pauses", "begin", "provider", "--for", end.isoformat(), *WHY)
    order = held_order(pressroom)
    delivered_once(pressroom, order)
    (first,) = pressroom.db.ledger.find({"order": order}).sort("opened_at").limit(1)
    assert first["opened_at"] >= end - timedelta(milliseconds=1)


def test_another_products_orders_do_not_notice(pressroom: Pressroom) -> None:
    """An order is delivered while another product, and another brand, are paused."""
    pressroom.cli("pauses", "begin", "product:personal_horoscope", "--for", "2d", *WHY)
    delivered_once(pressroom, pressroom.buy())
    pressroom.cli("pauses", "end", "product:personal_horoscope", *WHY)
