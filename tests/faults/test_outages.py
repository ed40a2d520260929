"""Servers are away in the middle of an order: it completes, with one mail, and pays for nothing twice."""

import re
from typing import Any

import pytest

from actors.products.catalogue import MAIL_QUEUE
from infra.local.ports import HOST
from tests.chaos.proxy import Proxy
from tests.fail_points import failing
from tests.faults.order import CALLS, check_delivered, in_flight, until_writing
from tests.pressroom import Pressroom


@pytest.mark.short
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


@pytest.mark.short
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


@pytest.mark.short
def test_a_worker_takes_no_message_before_it_is_registered(pressroom: Pressroom) -> None:
    """A worker whose first beats MongoDB does not take leaves the letter alone, and ends in order when told to.

    Killed with it, it would be missed by no sweep.
    """
    pressroom.part("worker-bundle").terminate()
    order = pressroom.buy()
    pressroom.until("the letter's turn", lambda: waiting(pressroom) == 1)
    with failing(pressroom.stack.part("mongodb").port or 0, ["update"], **unregistered(pressroom)):
        waits, impatient = parts = [pressroom.start("worker", "bundle", wait=False) for _ in range(2)]
        pressroom.until("beats", lambda: all(one.output().count("heartbeat_missed") > 1 for one in parts))
        assert (waits.ready_line, waiting(pressroom)) == (None, 1)
        impatient.terminate()
        assert impatient.exit_code == 0
    waits.wait_ready()
    check_delivered(pressroom, order, repaid=0)


@pytest.mark.short
def test_a_worker_that_mongodb_does_not_hear_takes_no_message(pressroom: Pressroom) -> None:
    """A worker that alone is cut off from MongoDB, and was taken for dead, leaves the order to others.

    Killed with it, it would be missed by no sweep for ten minutes.
    """
    pressroom.part("worker-life_clarity").terminate()
    with Proxy(pressroom.stack.part("mongodb").port or 0) as line:
        deaf = pressroom.start("worker", "life_clarity", MONGODB_URL=through(line, pressroom.env["MONGODB_URL"]))
        line.turn("down")
        registered = {"pid": deaf.pid}
        pressroom.until("its burial", lambda: pressroom.db.workers.count_documents(registered) == 0)
        order, missed = pressroom.buy(), deaf.output().count("heartbeat_missed")
        pressroom.until("another beat", lambda: deaf.output().count("heartbeat_missed") > missed + 1)
        assert waiting(pressroom, "life_clarity") == 1
        deaf.kill()
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=0)


def through(line: Proxy, mongodb_url: str) -> str:
    """Return the URL by which a process reaches MongoDB through a proxy alone."""
    direct = re.sub("replicaSet=[^&]+", "directConnection=true", mongodb_url)
    return re.sub("//[^/]+/", f"//{HOST}:{line.port}/", direct)


def waiting(pressroom: Pressroom, queue: str = MAIL_QUEUE) -> int:
    """Return how many messages wait for a worker."""
    return pressroom.redis.llen(f"dramatiq:{queue}")


def unregistered(pressroom: Pressroom) -> dict[str, Any]:
    """Return how no beat is taken: by the error of a server that steps down, for now."""
    return {"errorCode": 189, "namespace": f"{pressroom.db.name}.workers"}


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
