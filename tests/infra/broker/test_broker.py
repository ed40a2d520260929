"""The broker and its consumer, over a real Redis: messages are named, repaired, buried, given back."""

import asyncio
import logging
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import dramatiq
import pytest
import redis
from dramatiq import Message
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.errors import ConnectionClosed

from infra.broker.broker import Broker, BrokerIsDown, DeadMessage
from infra.broker.worker import ConsumingBroker, consuming_broker, start_workers, stop_workers
from infra.local.stack import Stack
from tests.infra.broker.books import KEYS, PATIENCE_S, message, working


def test_a_message_keeps_the_id_that_its_sender_wrote_down(redis_url: str) -> None:
    """Who wrote a message id down can ask the broker for exactly that message."""
    broker = Broker(redis_url)
    broker.enqueue(message("m-1"))
    assert broker.holds("books", ["m-1", "m-2"]) == {"m-1"}


def test_a_message_that_is_sent_twice_waits_once(redis_url: str) -> None:
    """Two processes that send a message under one id at the same moment leave one message."""
    senders = [Broker(redis_url) for _ in range(8)]
    with ThreadPoolExecutor(len(senders)) as pool:
        list(pool.map(lambda sender: sender.enqueue_all([message("m-1"), message("m-1")]), senders))
    assert senders[0].waiting("books") == 1


def test_a_message_in_hand_is_still_held(redis_url: str) -> None:
    """While an actor works on a message the broker holds it; afterwards it does not."""
    begun, go_on = threading.Event(), threading.Event()

    def note(word: str) -> None:
        del word
        begun.set()
        go_on.wait(PATIENCE_S)

    sender = Broker(redis_url)
    with working(redis_url, note):
        sender.enqueue(message("m-1", "a"))
        assert begun.wait(PATIENCE_S)
        assert sender.holds("books", ["m-1"]) == {"m-1"}
        go_on.set()
    assert sender.holds("books", ["m-1"]) == set()


def test_an_unreachable_redis_is_told_and_not_waited_for() -> None:
    """A send without Redis raises BrokerIsDown, so that the sender can leave it to the sweep."""
    with pytest.raises(BrokerIsDown):
        Broker("redis://127.0.0.1:1/0").enqueue(message("m-1"))


def test_a_lost_fetch_reply_is_repaired(redis_url: str) -> None:
    """A message that Redis gave out and no consumer knows of is taken up again."""
    noted: queue.Queue[str] = queue.Queue()
    with working(redis_url, noted.put) as broker:
        lost = message("m-1", "lost").copy(options={"redis_message_id": "m-1"})
        broker.client.hset(KEYS.messages, "m-1", lost.encode())
        broker.client.sadd(KEYS.acks(broker.broker_id), "m-1")
        assert noted.get(timeout=PATIENCE_S) == "lost"


@pytest.mark.parametrize(
    "data",
    [
        b"not json",
        b"[]",
        b'{"queue_name": "books"}',
        b"\xff\xfe",
        message("m-1", actor="unheard_of").encode(),
        message("m-1").copy(actor_name=["note"]).encode(),
        message("m-1").copy(kwargs=[1]).encode(),
        message("m-1").copy(actor_name="unheard_of", options={"eta": 1e18}).encode(),
        b"[" * 60_000,
        message("m-1", "word " * 20_000).encode(),
    ],
    ids=[
        "no json",
        "no object",
        "no message",
        "no text",
        "unknown actor",
        "actor is no name",
        "no named arguments",
        "held back for ever",
        "deep",
        "long",
    ],
)
def test_a_message_that_cannot_be_done_is_buried_with_its_bytes(redis_url: str, data: bytes) -> None:
    """What is malformed or for an unknown actor is handed over before it leaves Redis, and blocks nobody.

    Of what is too long for a message the first 64 KiB are read.
    """
    graves: queue.Queue[DeadMessage] = queue.Queue()
    noted: queue.Queue[str] = queue.Queue()
    with working(redis_url, noted.put, graves.put) as broker:
        broker.client.hset(KEYS.messages, "odd", data)
        broker.client.rpush(KEYS.queue, "odd")
        dead = graves.get(timeout=PATIENCE_S)
        broker.enqueue(message("m-2", "next"))
        assert noted.get(timeout=PATIENCE_S) == "next"
    assert dead.message_id == "odd"
    assert dead.error
    assert not Broker(redis_url).holds("books", ["odd"])


def test_an_id_that_is_no_text_blocks_nobody(redis_url: str) -> None:
    """Redis holds any bytes as an id: with a message it is buried, without one it is dropped."""
    graves: queue.Queue[DeadMessage] = queue.Queue()
    noted: queue.Queue[str] = queue.Queue()
    with working(redis_url, noted.put, graves.put) as broker:
        broker.client.hset(KEYS.messages, b"odd \xff", b"not json")
        broker.client.rpush(KEYS.queue, b"odd \xff", b"alone \xff")
        graves.get(timeout=PATIENCE_S)
        broker.enqueue(message("m-2", "next"))
        assert noted.get(timeout=PATIENCE_S) == "next"
    assert not Broker(redis_url).client.keys("dramatiq:books*")


def test_a_failed_message_is_buried_with_its_traceback(redis_url: str) -> None:
    """An actor's exception is handed over whole, once, and the message is not tried again."""
    graves: queue.Queue[DeadMessage] = queue.Queue()

    def note(word: str) -> None:
        raise ValueError(f"cannot note {word}")

    with working(redis_url, note, graves.put) as broker:
        broker.enqueue(message("m-1", "x"))
        dead = graves.get(timeout=PATIENCE_S)
    assert dead.error == "ValueError: cannot note x"
    assert "in note" in dead.traceback
    assert graves.empty()


def test_what_cannot_be_buried_is_not_let_go(redis_url: str) -> None:
    """While the dead message cannot be recorded Redis keeps it."""
    tried = threading.Event()

    def bury(dead: DeadMessage) -> None:
        del dead
        tried.set()
        raise OSError("the database is away")

    with working(redis_url, lambda _: None, bury, grace_s=1.0) as broker:
        broker.client.hset(KEYS.messages, "odd", b"not json")
        broker.client.rpush(KEYS.queue, "odd")
        assert tried.wait(PATIENCE_S)
    assert Broker(redis_url).holds("books", ["odd"]) == {"odd"}


def test_a_dead_workers_messages_are_named_and_dropped(redis_url: str) -> None:
    """The sweep learns which messages a dead worker had taken, and Redis forgets them."""
    broker = Broker(redis_url)
    broker.enqueue(message("m-1"))
    broker.client.lrem(KEYS.queue, 0, "m-1")
    broker.client.sadd(KEYS.acks("dead-one"), "m-1")
    assert broker.forget_holder("dead-one", "books") == ["m-1"]
    assert broker.holds("books", ["m-1"]) == set()
    assert broker.forget_holder("dead-one", "books") == []


def test_a_consumer_takes_nothing_while_it_may_not(redis_url: str) -> None:
    """It leaves message and ring to others, and takes the message once it may."""
    broker = ConsumingBroker(redis_url, may_take=lambda: may_take)
    consumer = broker.consume("books", prefetch=2)
    broker.enqueue(message("m-1"))
    may_take = False
    assert next(consumer) is None
    assert (broker.waiting("books"), broker.client.llen(KEYS.bell)) == (1, 1)
    may_take = True
    taken = next(consumer)
    assert taken is not None
    assert taken.message_id == "m-1"
    broker.client.close()


def test_a_worker_works_on_after_its_connections_are_cut(redis_url: str) -> None:
    """Cut connections cost a consumer a few seconds and no message."""
    noted: queue.Queue[str] = queue.Queue()
    with working(redis_url, noted.put) as broker:
        broker.enqueue(message("m-1", "before"))
        assert noted.get(timeout=PATIENCE_S) == "before"
        admin = redis.Redis.from_url(redis_url)
        admin.client_kill_filter(_type="normal", skipme=True)
        admin.close()
        Broker(redis_url).enqueue(message("m-2", "after"))
        assert noted.get(timeout=PATIENCE_S) == "after"


def test_a_coroutine_runs_on_the_processs_own_loop(redis_url: str) -> None:
    """Async actors share the one event loop that the process was given."""
    loops: queue.Queue[Any] = queue.Queue()
    thread = EventLoopThread(logging.getLogger("test"))
    thread.start(timeout=5)
    set_event_loop_thread(thread)

    async def note(word: str) -> None:
        loops.put((word, asyncio.get_running_loop()))

    try:
        with working(redis_url, note) as broker:
            broker.enqueue(message("m-1", "x"))
            assert loops.get(timeout=PATIENCE_S) == ("x", thread.loop)
    finally:
        thread.stop()
        set_event_loop_thread(None)


def test_messages_in_hand_survive_a_consumer_that_loses_redis(stack: Stack, redis_url: str) -> None:
    """What was fetched when Redis went away is neither lost nor counted as held for ever."""
    broker = ConsumingBroker(redis_url)
    for number in range(4):
        broker.enqueue(message(f"m-{number}", f"word {number}"))
    consumer = broker.consume("books", prefetch=4)
    first = next(consumer)
    assert first is not None
    stack.part("redis").terminate()
    with pytest.raises(ConnectionClosed):
        consumer.close()
    stack.part("redis").start()
    again = broker.consume("books", prefetch=4)
    taken = [found for found in (next(again) for _ in range(6)) if found is not None]
    assert sorted(one.args[0] for one in (first, *taken)) == [f"word {number}" for number in range(4)]
    broker.client.close()


def test_an_id_without_a_message_takes_no_room_when_redis_goes_away(stack: Stack, redis_url: str) -> None:
    """Where Redis could not be told to drop it, it is no message in hand: as many others are taken as before."""
    broker = ConsumingBroker(redis_url)
    broker.enqueue(message("m-1"))
    broker.client.rpush(KEYS.queue, "gone")
    consumer = broker.consume("books", prefetch=2)
    assert next(consumer) is not None
    stack.part("redis").terminate()
    with pytest.raises(ConnectionClosed):
        next(consumer)
    with suppress(ConnectionClosed):
        consumer.close()
    stack.part("redis").start()
    broker.enqueue(message("m-2"))
    again = broker.consume("books", prefetch=2)
    taken = [found.message_id for found in (next(again) for _ in range(4)) if found is not None]
    assert taken == ["m-2"]
    broker.client.close()


def test_a_queue_whose_threads_are_taken_holds_back_no_other(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each queue of a worker has threads of its own, without a warning: one that is full delays only itself."""
    go_on, quick = threading.Event(), queue.Queue[str]()
    broker = consuming_broker(redis_url, lambda _: None)
    for name, work in (("books", quick.put), ("covers", lambda _: go_on.wait(PATIENCE_S))):
        dramatiq.actor(broker=broker, queue_name=name, actor_name=name, max_retries=0, time_limit=60_000)(work)
    for number in range(4):
        broker.enqueue(Message("covers", "covers", ("long",), {}, {}, message_id=f"c-{number}"))
    workers = start_workers(broker, {"books": 1, "covers": 2})
    try:
        broker.enqueue(Message("books", "books", ("short",), {}, {}, message_id="b-1"))
        assert quick.get(timeout=PATIENCE_S) == "short"
        assert not caplog.records
    finally:
        go_on.set()
        stop_workers(broker, workers, PATIENCE_S)
        broker.client.close()
