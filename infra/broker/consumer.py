"""The consumer: takes messages of one queue, loses none, and is woken rather than polls."""

import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from dramatiq import Message
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import ConnectionClosed, DecodeError

from infra.broker.broker import Broker, DeadMessage, QueueKeys, as_id, decoded

#: How long an idle consumer blocks on the doorbell before it looks whether it should stop.
_BELL_S = 1.0
#: The pause between looks whether this process may take messages again.
_MAY_TAKE_LOOK_S = 0.1
#: A drained consumer only waits for its thread to be stopped.
_DRAINED_PAUSE_S = 0.05
#: The most bytes of a message that are read. Ours are some hundred; what is cut is buried, as nothing can read it.
_MAX_BYTES = 64 * 1024
#: How often a consumer compares its messages by Redis's count with those that it knows of.
_REPAIR_EVERY_S = 5.0


class QueueConsumer(Consumer):
    """Dramatiq's consumer interface over `fetch.lua`.

    It repairs the cases in which Dramatiq's own one strands messages: a fetch whose reply was lost is put back,
    undecodable data is buried, and messages taken but not begun are given back when the worker stops.
    """

    def __init__(self, broker: Broker, queue_name: str, prefetch: int, timeout: int) -> None:
        """Hold at most `prefetch` messages at a time."""
        self.broker = broker
        self.queue = queue_name
        self.prefetch = max(1, prefetch)
        self.keys = QueueKeys(broker.namespace, queue_name)
        self.acks = self.keys.acks(broker.broker_id)
        self.fetched: deque[tuple[str, bytes | None]] = deque()
        self.held = broker.held[queue_name]
        self.room = threading.Event()
        self.next_repair = 0.0

    def __next__(self) -> MessageProxy | None:
        """Return a message, or None after at most about a second without one."""
        if self.broker.draining.is_set():
            self._drain()
            return None
        with self.broker.asking():
            self._repair_when_due()
            if not self.fetched:
                self._fetch()
            if not self.fetched:
                self._wait()
                return None
            message = self._take(*self.fetched[0])
            # Only now: a consumer that fails at it gives it back when it closes.
            self.fetched.popleft()
            return message

    def ack(self, message: MessageProxy) -> None:
        """Forget a message that is done."""
        self._finish(redis_id(message), delete=True)

    def nack(self, message: MessageProxy) -> None:
        """Bury a message that failed, then forget it."""
        # Dramatiq keeps with each message that it lets fail the exception that made it do so.
        failure = "".join(traceback.format_exception(getattr(message, "_exception", None)))
        self._bury(redis_id(message), message.encode(), failure)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give messages back that were taken and not begun."""
        self._give_back(redis_id(message) for message in messages)

    def close(self) -> None:
        """Give back the messages that were fetched and not handed on."""
        fetched = [message_id for message_id, _ in self.fetched]
        self.fetched.clear()
        # Ours no more, whether Redis hears of it or not: the repair finds those that it still counts as taken.
        self.held.difference_update(fetched)
        self._give_back(fetched)

    def _drain(self) -> None:
        self.close()
        self.broker.drained[self.queue].set()
        time.sleep(_DRAINED_PAUSE_S)

    def _fetch(self) -> None:
        room = self.prefetch - len(self.held)
        self.room.clear()
        if room <= 0 or not self.broker.may_take():
            return
        reply = self.broker.fetch(
            keys=[self.keys.queue, self.keys.messages, self.acks, self.keys.bell], args=[room, _MAX_BYTES]
        )
        for message_id, data in zip(reply[::2], reply[1::2], strict=True):
            self.held.add(as_id(message_id))
            self.fetched.append((as_id(message_id), data))

    def _wait(self) -> None:
        if len(self.held) >= self.prefetch:
            self.room.wait(_BELL_S)
        elif not self.broker.may_take():  # the bell rings for others
            time.sleep(_MAY_TAKE_LOOK_S)
        else:
            self.broker.client.blpop([self.keys.bell], timeout=_BELL_S)

    def _take(self, message_id: str, data: bytes | None) -> MessageProxy | None:
        if data is None:  # the id without its data: a duplicate of something done
            self._finish(message_id, delete=False)
            return None
        try:
            return self._message(message_id, data)
        except DecodeError:
            self._bury(message_id, data, traceback.format_exc(limit=5))
            return None

    def _message(self, message_id: str, data: bytes) -> MessageProxy:
        """Read a message. Its sender's options are not obeyed: Dramatiq holds back what states an `eta`."""
        message = Message.decode(data)
        work: tuple[object, object] = (message.actor_name, message.kwargs)
        if not (isinstance(work[0], str) and isinstance(work[1], dict)):
            raise DecodeError("The message names no work.", data, None)
        return MessageProxy(replace(message, queue_name=self.queue, options={"redis_message_id": message_id}))

    def _bury(self, message_id: str, data: bytes, failure: str) -> None:
        error = failure.strip().splitlines()[-1]
        if self.broker.bury is not None:
            try:
                self.broker.bury(DeadMessage(self.queue, message_id, data, error, failure))
            except Exception as cause:
                # Not recorded, so not acknowledged: Dramatiq asks again until it is.
                raise ConnectionClosed(cause) from cause
        self._finish(message_id, delete=True)

    def _finish(self, message_id: str, *, delete: bool) -> None:
        # No transaction, which a full Redis refuses whatever is in it. An id without its data is dropped.
        with self.broker.asking(), self.broker.client.pipeline(transaction=False) as pipe:
            if delete:
                pipe.hdel(self.keys.messages, message_id)
            pipe.srem(self.acks, message_id)
            pipe.execute()
        self.held.discard(message_id)
        self.room.set()

    def _give_back(self, message_ids: Iterable[str]) -> None:
        ids = list(message_ids)
        if not ids:
            return
        self.broker.give_back(self.queue, ids)
        self.held.difference_update(ids)
        self.room.set()

    def _repair_when_due(self) -> None:
        if time.monotonic() < self.next_repair:
            return
        self.next_repair = time.monotonic() + _REPAIR_EVERY_S
        self._give_back(decoded(self.broker.client.smembers(self.acks)) - self.held)


def redis_id(message: MessageProxy) -> str:
    """Return the id under which Redis knows the message."""
    return str(message.options["redis_message_id"])
