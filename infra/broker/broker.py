"""The broker: Dramatiq's Redis broker with the caller's message ids, no delays, and a doorbell."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed, DecodeError
from dramatiq.middleware import Middleware

from infra.errors import SettingsError, TransientError

#: Dramatiq's own repair of dead workers' messages is never asked for. The sweep does it by the register of
#: workers, and compares no clocks.
_NO_MAINTENANCE = 0
#: The time in a worker's hands after which a message that is sent again is queued again: it may have been lost.
#: Longer than a letter takes.
_KEPT_MS = 60 * 1000
#: How bytes that are no text are read, and written as they were.
_ODD = "surrogateescape"
#: Rings that are kept: more than any number of idle workers that could answer them.
_MAX_RINGS = 100


class BrokerIsDown(TransientError):
    """Redis did not answer in time."""


@dataclass(frozen=True)
class DeadMessage:
    """A message that will never be done; `data` are its bytes, `error` the traceback's last line."""

    queue: str
    message_id: str
    data: bytes
    error: str
    traceback: str


class Depth(NamedTuple):
    """Depth of a queue: the messages that wait, those in workers' hands, and when the next one was sent.

    That is in seconds of Unix time, and None if nothing waits, or the message does not say.
    """

    waiting: int
    in_flight: int
    next_sent_at: float | None


class QueueKeys:
    """The keys of one queue (Dramatiq 2.2.1, brokers/redis/dispatch.lua)."""

    def __init__(self, namespace: str, name: str) -> None:
        #: The list of waiting message ids.
        self.queue = f"{namespace}:{name}"
        #: The hash of message ids to data: waiting, in flight, or held by a dead worker.
        self.messages = f"{self.queue}.msgs"
        #: The list that idle consumers block on.
        self.bell = f"{self.queue}.bell"
        self._acks = f"{namespace}:__acks__.{{}}.{name}"

    def acks(self, broker_id: str) -> str:
        """Return the set of message ids that one worker process has taken and not acknowledged."""
        return self._acks.format(broker_id)


class Broker(RedisBroker):
    """Sends and consumes messages; `bury` keeps a dead message durably before it is acknowledged.

    Only one worker per queue is woken by a message, at once; an idle worker asks Redis about once a second.
    """

    def __init__(
        self,
        url: str,
        *,
        middleware: list[Middleware] | None = None,
        bury: Callable[[DeadMessage], None] | None = None,
        may_take: Callable[[], bool] = lambda: True,
    ) -> None:
        """Connect lazily. Without `bury` (web, sweep) the broker only sends.

        Messages are taken only while `may_take` says so: nobody would miss those of a process that others took for
        dead.
        """
        client = _client(url)
        super().__init__(  # type: ignore[no-untyped-call]  # Dramatiq leaves it untyped
            client=client, middleware=middleware or [], maintenance_chance=_NO_MAINTENANCE
        )
        self.bury, self.may_take = bury, may_take
        #: One thread for all that is sent: while Redis hangs, those of others are free.
        self.sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sender")
        self.draining = threading.Event()
        self.drained: dict[str, threading.Event] = defaultdict(threading.Event)
        #: The ids of the messages that this process works on, by queue: they outlive a consumer that reconnects.
        self.held: dict[str, set[str]] = defaultdict(set)
        folder = Path(__file__).parent
        self.fetch = client.register_script((folder / "fetch.lua").read_bytes())
        self._send = client.register_script((folder / "send.lua").read_bytes())
        self._give_back = client.register_script((folder / "give_back.lua").read_bytes())

    def await_drained(self, queues: Iterable[str], timeout_s: float) -> None:
        """Return once the consumers have given back what they had fetched, after `draining` was set."""
        deadline = time.monotonic() + timeout_s
        for queue in queues:
            self.drained[queue].wait(deadline - time.monotonic())

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue without its delay queue: nothing here is ever delayed in Redis."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Queue a message under its own id, so that its sender can ask for it; BrokerIsDown if it cannot.

        Dramatiq draws a new id for each send instead, which cannot be known beforehand.
        """
        if delay is not None:
            raise ValueError("Messages are not delayed in Redis; steps have a due_at in MongoDB.")
        return self.enqueue_all([message])[0]

    def enqueue_all(self, messages: Sequence[Message[Any]]) -> list[Message[Any]]:
        """Queue messages, all or none of them, each under its own id; BrokerIsDown if that cannot be done.

        A message that waits, or has been in a worker's hands for less than a minute, is not queued again. The
        option `first` puts a message before those that wait.
        """
        named = [message.copy(options={"redis_message_id": message.message_id}) for message in messages]
        names: list[str] = []
        contents: list[str | bytes] = []
        for message in named:
            keys = QueueKeys(self.namespace, message.queue_name)
            names += [keys.queue, keys.messages, keys.bell]
            push = "lpush" if message.options.get("first") else "rpush"
            contents += [message.message_id, message.encode(), str(message.message_timestamp), push]
        with self.asking(BrokerIsDown):
            self._send(names, [_MAX_RINGS, _KEPT_MS, *contents])
        return named

    def give_back(self, queue: str, message_ids: Sequence[str]) -> None:
        """Queue messages again that this process took and did not begin, before those that wait."""
        keys = QueueKeys(self.namespace, queue)
        with self.asking():
            self._give_back(
                [keys.queue, keys.messages, keys.acks(self.broker_id), keys.bell], [_MAX_RINGS, *message_ids]
            )

    def holds(self, queue: str, message_ids: list[str]) -> set[str]:
        """Return which messages wait or are in a worker's hands; BrokerIsDown if Redis cannot say."""
        if not message_ids:
            return set()
        with self.asking(BrokerIsDown):
            found = self.client.hmget(QueueKeys(self.namespace, queue).messages, message_ids)
        return {message for message, data in zip(message_ids, found, strict=True) if data is not None}

    def waiting(self, queue: str) -> int:
        """Return how many messages were not taken yet; BrokerIsDown if Redis cannot say."""
        with self.asking(BrokerIsDown):
            return int(self.client.llen(QueueKeys(self.namespace, queue).queue))

    def depth(self, queue: str) -> Depth:
        """Return how many messages wait, and are worked on; BrokerIsDown if Redis cannot say."""
        keys = QueueKeys(self.namespace, queue)
        with self.asking(BrokerIsDown), self.client.pipeline(transaction=False) as pipe:
            pipe.llen(keys.queue)
            pipe.hlen(keys.messages)
            pipe.lindex(keys.queue, 0)
            waiting, held, first = pipe.execute()
            data: Any = self.client.hget(keys.messages, first) if first else None
        return Depth(waiting, max(0, held - waiting), _sent_at(data) if data else None)

    def forget_holder(self, broker_id: str, queue: str) -> list[str]:
        """Drop a dead worker's unacknowledged messages and return their ids, for the sweep to send anew."""
        keys = QueueKeys(self.namespace, queue)
        acks = keys.acks(broker_id)
        with self.asking(BrokerIsDown):
            held = sorted(decoded(self.client.smembers(acks)))
            with self.client.pipeline(transaction=False) as pipe:  # as a full Redis refuses transactions
                if held:
                    pipe.hdel(keys.messages, *held)
                pipe.delete(acks)
                pipe.execute()
        return held

    def has_taken(self, queues: Iterable[str]) -> bool:
        """Return whether Redis counts messages as taken by this process; BrokerIsDown if it cannot say."""
        with self.asking(BrokerIsDown):
            return any(self.client.exists(QueueKeys(self.namespace, one).acks(self.broker_id)) for one in queues)

    def ping(self) -> None:
        """Return if Redis answers; BrokerIsDown otherwise."""
        with self.asking(BrokerIsDown):
            self.client.ping()

    def prove_writable(self) -> None:
        """Return if Redis takes writes; BrokerIsDown otherwise. A replica or full Redis answers but takes none."""
        with self.asking(BrokerIsDown):
            self.client.setrange(f"{self.namespace}:probe", 0, "")  # which is a write, and writes nothing

    def examine(self) -> None:
        """Return if Redis takes writes, and keeps them; BrokerIsDown, or SettingsError with what is to be set."""
        self.prove_writable()
        with self.asking(BrokerIsDown):
            facts = self.client.info()
        # Servers that speak Redis's protocol need not state all of it.
        if facts.get("maxmemory_policy", "noeviction") != "noeviction":
            raise SettingsError("REDIS_URL: its maxmemory-policy drops work that waits. Only noeviction does not.")
        if facts.get("cluster_enabled"):
            raise SettingsError("REDIS_URL: it is a cluster, which does not send to two queues in one go.")
        if not facts.get("aof_enabled", True):
            raise SettingsError("REDIS_URL: it has no append-only file, so that all work waits after its restart.")

    @contextmanager
    def asking(self, failure: Callable[[str], Exception] = ConnectionClosed) -> Iterator[None]:
        """Raise every failure of Redis as this one, and connect anew: its name may lead to another server by now.

        A primary that became a replica keeps its connections, and refuses all that is written through them. At
        ConnectionClosed Dramatiq begins its consumer anew.
        """
        try:
            yield
        except redis.RedisError as error:
            # Not those in use by other threads: each meets the same failure itself.
            self.client.connection_pool.disconnect(inuse_connections=False)
            raise failure(f"Redis does not answer: {str(error)[:200]}") from error


def _client(url: str) -> redis.Redis:
    try:
        return redis.Redis.from_url(
            url,
            encoding_errors=_ODD,
            socket_timeout=2.0,
            socket_connect_timeout=1.0,
            health_check_interval=0,
            retry=None,
        )
    except ValueError:
        # The client's own message may quote the URL, and with it a password.
        raise SettingsError("REDIS_URL is not one that the Redis client accepts.") from None


def _sent_at(data: bytes) -> float | None:
    try:
        return float(Message.decode(data).message_timestamp) / 1000
    except (DecodeError, TypeError, ValueError):  # no message of ours
        return None


def decoded(members: Iterable[bytes | str]) -> set[str]:
    """Return the members of a Redis set as text."""
    return {as_id(member) if isinstance(member, bytes) else member for member in members}


def as_id(member: bytes) -> str:
    """Return a message's id as text. Redis knows it by this text, also if it was none."""
    return member.decode(errors=_ODD)
