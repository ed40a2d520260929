"""Processes and servers die in the middle of an order: it completes, with one mail, and pays for nothing twice."""

from typing import Any

import pytest

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
    order = pressroom.buy()
    written = {"order": order, "kind": "write", "state": "done"}
    pressroom.until("writing", lambda: pressroom.db.steps.count_documents(written) == CALLS)
    pressroom.part("worker-life_clarity").kill()
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=0)


def test_a_stopped_worker_lets_its_calls_finish(pressroom: Pressroom) -> None:
    """SIGTERM pays for nothing twice: calls in flight are finished and kept, and the exit code is 0."""
    pressroom.stack.llm.set_latency(2.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    worker = pressroom.part("worker-life_clarity")
    worker.terminate(within_s=10)
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


def test_losing_all_of_redis_loses_nothing(pressroom: Pressroom) -> None:
    """With every key gone in the middle of an order, the sweep sends again what MongoDB says is due."""
    pressroom.stack.llm.set_latency(1.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    pressroom.redis.flushall()
    check_delivered(pressroom, order, repaid=0)


def test_messages_that_redis_lost_before_anybody_took_them_are_sent_again(pressroom: Pressroom) -> None:
    """An order whose first message is gone begins all the same."""
    pressroom.part("worker-life_clarity").terminate()
    order = pressroom.buy()
    pressroom.redis.flushall()
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=0)


def test_a_database_that_is_killed_in_the_middle_costs_nothing(pressroom: Pressroom) -> None:
    """Answers that arrive while MongoDB is away are kept until it is back, and not bought again."""
    pressroom.stack.llm.set_latency(1.5)
    order = pressroom.buy()
    until_writing(pressroom, order)
    pressroom.stack.part("mongodb").kill()
    pressroom.until("answers", lambda: in_flight(pressroom, order) == 0)
    pressroom.stack.part("mongodb").start()
    check_delivered(pressroom, order, repaid=0)


def test_a_mail_server_that_is_away_gets_the_letter_later(pressroom: Pressroom) -> None:
    """A letter that was put off is sent when its time comes, once."""
    pressroom.stack.inbox.add_fault(code=451, times=1)
    order = pressroom.buy()
    check_delivered(pressroom, order, repaid=0)
    shown = pressroom.order(order)
    assert [(mail["kind"], mail["state"]) for mail in shown["mails"]] == [("completion", "sent")]


def test_an_object_store_that_is_away_is_waited_for(pressroom: Pressroom) -> None:
    """Rendering is tried again until S3 is back; no section is written twice."""
    pressroom.stack.part("s3").terminate()
    order = pressroom.buy()
    failed = {"order": order, "kind": "render", "fails": {"$gt": 0}}
    pressroom.until("failing", lambda: pressroom.db.steps.count_documents(failed) > 0)
    pressroom.stack.part("s3").start()
    check_delivered(pressroom, order, repaid=0)


def test_a_bucket_that_is_missing_for_a_while_kills_no_order(pressroom: Pressroom) -> None:
    """What a person mends in the store's settings is waited for: the order goes on without a replay."""
    s3 = pressroom.s3()
    bucket = pressroom.stack.env["S3_BUCKET"]
    for stored in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=stored["Key"])
    s3.delete_bucket(Bucket=bucket)
    order = pressroom.buy()
    failed = {"order": order, "kind": "render", "fails": {"$gt": 0}}
    pressroom.until("failing", lambda: pressroom.db.steps.count_documents(failed) > 0)
    s3.create_bucket(Bucket=bucket)
    check_delivered(pressroom, order, repaid=0)


def test_processes_that_start_before_their_servers_wait(pressroom: Pressroom) -> None:
    """A process that starts while MongoDB is down says ready once it is up, and ends in order before that."""
    pressroom.stack.part("mongodb").kill()
    waiting = pressroom.start("sweep", wait=False)
    impatient = pressroom.start("sweep", wait=False)
    pressroom.until("waiting", lambda: "waiting_for_server" in impatient.output())
    impatient.terminate()
    assert impatient.exit_code == 0
    assert waiting.ready_line is None
    pressroom.stack.part("mongodb").start()
    waiting.wait_ready()


def test_processes_end_in_time_though_their_database_is_away(pressroom: Pressroom) -> None:
    """With MongoDB down and calls in the air, worker and sweep end within the grace period and 5 s, exit 0."""
    pressroom.stack.llm.set_latency(30.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    worker, sweep = pressroom.part("worker-life_clarity"), pressroom.part("sweep")
    pressroom.stack.part("mongodb").kill()
    for part in (worker, sweep):
        part.ask_to_stop()
    for part in (worker, sweep):
        part.wait_stopped(within_s=5 + 5)
    assert (worker.exit_code, sweep.exit_code) == (0, 0)
    pressroom.stack.part("mongodb").start()
    pressroom.stack.llm.set_latency(0.05)
    pressroom.start_missing()
    check_delivered(pressroom, order, repaid=CALLS)


def test_after_a_refund_no_section_is_bought_and_one_that_fails_sets_the_work_going(pressroom: Pressroom) -> None:
    """A refund stops an order before its first call; when the bank sends it back, the report is made."""
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
    say(pressroom, "refund.failed", {"id": "re_1", "payment_intent": intent, "amount": 1900, "status": "failed"})
    check_delivered(pressroom, order, repaid=0)
    shown = pressroom.order(order)
    assert (shown["state"], shown["amount_refunded"]) == ("needs_attention", 0)


def say(pressroom: Pressroom, kind: str, about: dict[str, Any]) -> None:
    """Deliver an event of that type about an object."""
    event = {**pressroom.event(), "type": kind, "data": {"object": about}}
    assert pressroom.send(event).status_code == 200
