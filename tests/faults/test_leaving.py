"""Workers are told to end, as at every deploy: others go on with their work, and no step is blamed for it."""

import pytest

from tests.fail_points import failing
from tests.faults.order import CALLS, check_delivered, in_flight, until_writing
from tests.pressroom import Pressroom


@pytest.mark.short
def test_what_a_leaving_worker_has_not_begun_is_free_at_once(pressroom: Pressroom) -> None:
    """While it still waits for the calls that it made, others make those that it only had in its queue."""
    pressroom.part("worker-life_clarity").terminate()
    leaving = pressroom.start("worker", "life_clarity", "--threads", "1", GRACE_S="120")
    pressroom.stack.llm.set_latency(60.0)
    order = pressroom.buy()
    pressroom.until("the first call", lambda: in_flight(pressroom, order) == 1)
    pressroom.start("worker", "life_clarity")
    leaving.ask_to_stop()
    pressroom.until("all other calls", lambda: in_flight(pressroom, order) == CALLS)
    assert leaving.running
    leaving.kill()


def test_a_platform_that_does_not_wait_makes_no_step_suspect(pressroom: Pressroom) -> None:
    """Workers that are killed while they end cost their calls. The step is not counted as what killed them."""
    pressroom.stack.llm.set_latency(60.0)
    order = pressroom.buy()
    for deploys in range(3):
        wait_for_calls(pressroom, order, (deploys + 1) * CALLS)
        kill_while_it_ends(pressroom)
        pressroom.start("worker", "life_clarity")
    pressroom.stack.llm.set_latency(0.05)
    check_delivered(pressroom, order, repaid=3 * CALLS)
    assert pressroom.db.steps.count_documents({"order": order, "kills": {"$gt": 0}}) == 0


def wait_for_calls(pressroom: Pressroom, order: str, count: int) -> None:
    """Return once so many calls of an order were made."""
    pressroom.until("calls", lambda: len(pressroom.stack.llm.requests(order=order)) == count)


def kill_while_it_ends(pressroom: Pressroom) -> None:
    """Tell the worker to end, and kill it once it has said that it was told to."""
    worker = pressroom.part("worker-life_clarity")
    worker.ask_to_stop()
    ending = {"pid": worker.pid, "ending": True}
    pressroom.until("its word", lambda: pressroom.db.workers.count_documents(ending) == 1)
    worker.kill()


def test_a_worker_that_leaves_while_redis_is_away_is_missed(pressroom: Pressroom) -> None:
    """What it could not give back is no secret of its own: it stays registered, and the sweep sends it again."""
    worker = pressroom.part("worker-life_clarity")
    pressroom.stack.llm.set_latency(60.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    pressroom.stack.part("redis").terminate()
    worker.terminate(within_s=15)
    assert worker.exit_code == 0
    assert pressroom.db.workers.count_documents({"pid": worker.pid}) == 1
    pressroom.stack.part("redis").start()
    pressroom.stack.llm.set_latency(0.05)
    pressroom.start("worker", "life_clarity")
    check_delivered(pressroom, order, repaid=CALLS)
    pressroom.until("its removal", lambda: pressroom.db.workers.count_documents({"pid": worker.pid}) == 0)
    assert pressroom.db.steps.count_documents({"order": order, "kills": {"$gt": 0}}) == 0


def test_a_worker_ends_in_order_though_mongodb_is_slow(pressroom: Pressroom) -> None:
    """With a mark to be set, and a call to be given back, that take four seconds each, it ends with exit 0."""
    pressroom.part("worker-life_clarity").terminate()
    leaving = pressroom.start("worker", "life_clarity", GRACE_S="1")
    pressroom.stack.llm.set_latency(60.0)
    pressroom.stack.llm.add_fault(kind="hang", section="what_pulls_you", seconds=4.0)
    order = pressroom.buy()
    until_writing(pressroom, order)
    begun = {"order": order, "kind": "render", "state": {"$in": ["queued", "claimed"]}}
    port, steps = pressroom.stack.part("mongodb").port or 0, f"{pressroom.db.name}.steps"
    with failing(port, ["update"], blockConnection=True, blockTimeMS=4000, namespace=steps):
        # The next write is the mark that the section's step has advanced.
        pressroom.until("its chapter", lambda: pressroom.db.steps.count_documents(begun) == 1, 60)
        leaving.terminate(within_s=10)
    assert leaving.exit_code == 0
