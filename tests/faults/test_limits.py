"""Limits that are used up, as the processes meet them."""

from tests.pressroom import Pressroom


def test_a_worker_that_waits_for_room_ends_at_once(pressroom: Pressroom) -> None:
    """SIGTERM does not wait for the provider's pause: sections in line go back unbought, and the next has them."""
    pressroom.part("worker-life_clarity").terminate()
    worker = pressroom.start("worker", "life_clarity", GRACE_S="60")
    pressroom.stack.llm.add_faults({"status": 429, "retry_after": 60, "times": 1, "section": "where_you_stand"})
    refused = pressroom.buy()
    pressroom.until("refusal", lambda: pressroom.db.ledger.find_one({"order": refused, "outcome": "failed"}))
    order = pressroom.buy()
    held = {"order": order, "kind": "write", "state": "claimed"}
    pressroom.until("waiting", lambda: pressroom.db.steps.count_documents(held) == 4)
    worker.terminate(within_s=15)
    assert worker.exit_code == 0
    steps = pressroom.db.steps.find({"order": order, "kind": "write"}).to_list()
    assert [(step["state"], step["kills"], step["fails"]) for step in steps] == [("queued", 0, 0)] * 4
    assert pressroom.db.ledger.count_documents({"order": order}) == 0

    pressroom.redis.delete("pressroom:llm:gpt-5-mini")  # the pause is over
    pressroom.start("worker", "life_clarity")
    assert pressroom.until_delivered(order)["llm"]["attempts"] == 4
