"""A queue `books`, and a worker of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
from dramatiq import Message

from infra.broker.broker import Broker, DeadMessage, QueueKeys
from infra.broker.worker import consuming_broker, start_workers, stop_workers

KEYS = QueueKeys("dramatiq", "books")
PATIENCE_S = 15


def message(message_id: str, word: str = "", actor: str = "note") -> Message[None]:
    """Return a message to the queue `books`."""
    return Message("books", actor, (word,), {}, {}, message_id=message_id)


@contextmanager
def working(
    url: str,
    note: Callable[[str], object],
    bury: Callable[[DeadMessage], None] | None = None,
    threads: int = 2,
    grace_s: float = 5.0,
) -> Iterator[Broker]:
    """Run a worker of the queue `books` whose actor `note` calls a function with the message's `word`."""
    graves: list[DeadMessage] = []
    broker = consuming_broker(url, bury or graves.append)

    dramatiq.actor(broker=broker, queue_name="books", actor_name="note", max_retries=0, time_limit=60_000)(note)
    workers = start_workers(broker, {"books": threads})
    try:
        yield broker
    finally:
        stop_workers(broker, workers, grace_s)
        broker.client.close()
