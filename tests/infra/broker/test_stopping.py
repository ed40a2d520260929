"""A worker that stops, over a real Redis: it finishes what it has begun, and others get the rest at once."""

import queue
import threading

import dramatiq

from infra.broker.worker import ConsumingBroker, consuming_broker, start_workers, stop_workers
from tests.infra.broker.books import PATIENCE_S, message, working


def test_what_is_given_back_goes_before_what_waits(redis_url: str) -> None:
    """Messages whose turn had come are next again, in their order, and wake others than the one that leaves."""
    broker, other = ConsumingBroker(redis_url), ConsumingBroker(redis_url)
    broker.enqueue_all([message(f"m-{number}", str(number)) for number in range(5)])
    leaving, next_one = broker.consume("books", prefetch=3), other.consume("books", prefetch=5)
    handed_on = next(leaving)
    assert handed_on is not None
    leaving.close()
    leaving.requeue([handed_on])
    assert broker.client.llen("dramatiq:books.bell") > len("01234")
    taken = [found.args[0] for found in (next(next_one) for _ in range(5)) if found is not None]
    assert taken == ["0", "1", "2", "3", "4"]
    for one in (broker, other):
        one.client.close()


def test_a_stopping_worker_gives_back_what_it_has_not_begun(redis_url: str) -> None:
    """Messages behind a long one go to another worker while the long one is finished."""
    begun, go_on = threading.Event(), threading.Event()
    noted: queue.Queue[str] = queue.Queue()

    def note(word: str) -> None:
        begun.set()
        go_on.wait(PATIENCE_S)
        noted.put(word)

    others: queue.Queue[str] = queue.Queue()
    broker = consuming_broker(redis_url, lambda _: None)
    dramatiq.actor(broker=broker, queue_name="books", actor_name="note", max_retries=0, time_limit=60_000)(note)
    workers = start_workers(broker, {"books": 1})
    broker.enqueue(message("m-1", "long"))
    assert begun.wait(PATIENCE_S)
    broker.enqueue(message("m-2", "short"))
    stopping = threading.Thread(target=stop_workers, args=(broker, workers, PATIENCE_S))
    stopping.start()
    with working(redis_url, others.put):
        assert others.get(timeout=PATIENCE_S) == "short"
        assert noted.empty()
        go_on.set()
        stopping.join(PATIENCE_S)
    assert noted.get(timeout=PATIENCE_S) == "long"
    broker.client.close()


def test_a_message_under_way_is_waited_for_however_many_threads_are_idle(redis_url: str) -> None:
    """A stopping worker uses its whole grace period for what has begun, also on the last of its threads."""
    threads, answered = 32, threading.Event()
    all_busy, noted = threading.Barrier(threads), queue.Queue[str]()
    names: list[int] = []

    def note(word: str) -> None:
        own = int(threading.current_thread().name.partition("-")[2].partition(" ")[0])
        names.append(own)
        all_busy.wait(PATIENCE_S)
        if own == max(names):
            noted.put("begun")
            answered.wait(PATIENCE_S)
            noted.put(word)

    with working(redis_url, note, threads=threads, grace_s=6.0) as broker:
        broker.enqueue_all([message(f"m-{number}", "done") for number in range(threads)])
        assert noted.get(timeout=PATIENCE_S) == "begun"
        threading.Timer(3.5, answered.set).start()  # while the worker stops
    assert noted.get_nowait() == "done"
