"""The broker's Redis fails over: its name leads elsewhere, and the former primary keeps its connections."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from dramatiq import Message
from dramatiq.errors import ConnectionClosed

from infra.broker.broker import Broker, BrokerIsDown
from infra.broker.worker import ConsumingBroker
from tests.faults.redises import Switch, two_redises


def message(message_id: str) -> Message[None]:
    """Return a message to the queue `books`."""
    return Message("books", "note", (), {}, {}, message_id=message_id)


@pytest.fixture
def redises(tmp_path: Path) -> Iterator[tuple[redis.Redis, redis.Redis]]:
    """Run two Redis servers."""
    with two_redises(tmp_path) as both:
        yield both


def test_what_a_demoted_primary_refuses_goes_to_the_new_one(redises: tuple[redis.Redis, redis.Redis]) -> None:
    """A sender and a consumer each meet one refusal; then the one sends and the other takes."""
    old, new = redises
    with Switch(old.get_connection_kwargs()["port"]) as switch:
        sender, taker = Broker(switch.url), ConsumingBroker(switch.url)
        sender.enqueue(message("m-1"))
        assert next(taker.consume("books", prefetch=1)) is not None
        switch.to = new.get_connection_kwargs()["port"]
        old.replicaof("127.0.0.1", str(switch.to))
        with suppress(BrokerIsDown):
            sender.enqueue(message("m-2"))
        sender.enqueue(message("m-2"))
        with suppress(ConnectionClosed):
            next(taker.consume("books", prefetch=2))
        assert new.llen("dramatiq:books") == 1
        taken = next(taker.consume("books", prefetch=2))
        assert taken is not None
        assert taken.message_id == "m-2"
        sender.client.close()
        taker.client.close()


def test_a_replica_is_no_redis_to_work_with(redises: tuple[redis.Redis, redis.Redis]) -> None:
    """It answers, and takes no messages."""
    old, new = redises
    broker = Broker(f"redis://127.0.0.1:{old.get_connection_kwargs()['port']}/0")
    broker.prove_writable()
    old.replicaof("127.0.0.1", str(new.get_connection_kwargs()["port"]))
    broker.ping()
    with pytest.raises(BrokerIsDown):
        broker.prove_writable()
    broker.client.close()


def test_what_waits_in_a_full_redis_is_worked_off(redises: tuple[redis.Redis, redis.Redis]) -> None:
    """It takes nothing new, and gives what it has: so it becomes emptier."""
    server, _ = redises
    broker = ConsumingBroker(f"redis://127.0.0.1:{server.get_connection_kwargs()['port']}/0")
    broker.enqueue(message("m-1"))
    server.config_set("maxmemory", "1")
    with pytest.raises(BrokerIsDown):
        broker.enqueue(message("m-2"))
    consumer = broker.consume("books", prefetch=1)
    taken = next(consumer)
    assert taken is not None
    consumer.ack(taken)
    assert broker.holds("books", ["m-1"]) == set()
    broker.client.close()
