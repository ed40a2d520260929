"""Processes die in the middle of an order: it completes, with one mail, and pays for nothing twice."""

from typing import Any

import pytest

from tests.faults.order import CALLS, check_delivered, in_flight, until_writing
from tests.pressroom import Pressroom


@pytest.mark.short
def test_a_killed_worker_costs_only_the_calls_in_flight(pressroom: Pressroom) -> None:
    """After kill -9 another worker of the queue goes on, and buys again just what was in the air."""
    pressroom.stack.llm.set_latency(2.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    pressroom.part("worker-life_clarity").kill()
    lost = in_flight(pressroom, order)
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=lost)
    assert pressroom.order(order)["llm"]["possibly_paid"] == lost


def test_a_worker_killed_while_rendering_costs_no_call(pressroom: Pressroom) -> None:
    """Written sections are checkpoints: after kill -9 they are set, not written, again."""
    pressroom.stack.llm.set_brevity(brief=False)
    order = pressroom.buy()
    written = {"order": order, "kind": "write", "state": "done"}
    pressroom.until("writing", lambda: pressroom.db.steps.count_documents(written) == CALLS)
    pressroom.part("worker-life_clarity").kill()
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=0)


def test_a_stopped_worker_lets_its_calls_finish(pressroom: Pressroom) -> None:
    """SIGTERM pays for nothing twice: calls in flight are finished and kept, and the exit code is 0."""
    pressroom.part("worker-life_clarity").terminate()
    worker = pressroom.start("worker", "life_clarity", GRACE_S="30")
    pressroom.stack.llm.set_latency(2.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    worker.terminate(within_s=35)
    assert worker.exit_code == 0
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=0)


def test_a_worker_whose_grace_is_over_gives_its_claims_back(pressroom: Pressroom) -> None:
    """Calls that outlast the grace period are released at once, not left to lapse."""
    pressroom.stack.llm.set_latency(30.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    worker = pressroom.part("worker-life_clarity")
    worker.terminate(within_s=15)
    assert worker.exit_code == 0
    assert pressroom.db.steps.count_documents({"order": order, "state": "claimed"}) == 0
    assert pressroom.db.dead_letters.count_documents({}) == 0
    pressroom.stack.llm.set_latency(0.05)
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=CALLS)
    assert pressroom.order(order)["llm"]["possibly_paid"] == CALLS
    assert pressroom.db.ledger.count_documents({"order": order, "state": "open"}) == 0
    assert pressroom.db.steps.count_documents({"order": order, "kills": {"$gt": 0}}) == 0


@pytest.mark.parametrize("name", ["web", "sweep"])
def test_an_order_does_not_notice_the_death_of(pressroom: Pressroom, name: str) -> None:
    """Web and sweep may die while an order is made; they are only needed to take it, and to heal."""
    pressroom.stack.llm.set_latency(1.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    pressroom.part(name).kill()
    pressroom.start(name)
    check_delivered(pressroom, order, repaid=0)


def test_after_a_refund_no_section_is_bought_and_one_that_fails_sets_the_work_going(pressroom: Pressroom) -> None:
    """A refund stops an order before its first call; when the bank sends it back, the report is made.

    Its customer was told of the refund: an operator sends the report.
    """
    pressroom.part("worker-life_clarity").terminate()
    event = pressroom.event()
    assert pressroom.send(event).status_code == 200
    order, intent = event["data"]["object"]["id"], event["data"]["object"]["payment_intent"]
    charge = {"id": "ch_1", "payment_intent": intent, "amount": 1900, "amount_refunded": 1900, "refunded": True}
    say(pressroom, "charge.refunded", charge)
    assert pressroom.order(order)["state"] == "refunded"
    pressroom.start("worker", "life_clarity")
    parked = {"order": order, "state": "queued", "check_at": {"$exists": False}}
    pressroom.until("parking", lambda: pressroom.db.reports.count_documents(parked) == 1)
    assert pressroom.stack.llm.requests(order=order) == []
    # Or nobody is told: what has failed by the time that its letter is due needs none.
    pressroom.until("the letter", lambda: kinds(pressroom, order) == ["refund"])
    say(pressroom, "refund.failed", {"id": "re_1", "payment_intent": intent, "amount": 1900, "status": "failed"})
    pressroom.until("storing", lambda: pressroom.db.orders.find_one({"_id": order, "stored_at": {"$ne": None}}))
    assert len(pressroom.stack.llm.requests(order=order)) == CALLS
    shown = pressroom.order(order)
    assert (shown["state"], shown["amount_refunded"]) == ("needs_attention", 0)
    pressroom.cli("orders", "resend", order, "--reason", "the bank sent it back")
    pressroom.until("both letters", lambda: kinds(pressroom, order) == ["refund", "resend"])


def kinds(pressroom: Pressroom, order: str) -> list[str]:
    """Return the kinds of the letters about an order, in the order in which they came."""
    return [letter.headers["X-Pressroom-Mail"] for letter in pressroom.letters(order)]


def say(pressroom: Pressroom, kind: str, about: dict[str, Any]) -> None:
    """Deliver an event of that type about an object."""
    event = {**pressroom.event(), "type": kind, "data": {"object": about}}
    assert pressroom.send(event).status_code == 200
