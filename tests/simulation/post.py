"""Redis of a simulation: it loses and doubles messages, and may forget all of them."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from dramatiq import Message

from infra.broker.broker import BrokerIsDown
from tests.simulation.loop import Blocking
from tests.simulation.scheduler import Effect, Outside, Scheduler
from tests.simulation.script import Fault


class PostOffice:
    """Queues of messages, in one server's memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self.waiting: dict[str, deque[str]] = defaultdict(deque)
        self.messages: dict[str, dict[str, Message[Any]]] = defaultdict(dict)
        self.taken: dict[tuple[str, str], set[str]] = defaultdict(set)

    def queue(self, message: Message[Any], *, again: bool = False) -> None:
        """Queue a message that is not there, or any if `again`."""
        queue, name = message.queue_name, message.message_id
        if again or name not in self.messages[queue]:
            self.messages[queue][name] = message
            put = self.waiting[queue].appendleft if message.options.get("first") else self.waiting[queue].append
            put(name)

    def flush(self) -> None:
        """Forget everything."""
        for part in (self.waiting, self.messages, self.taken):
            part.clear()


class PostBox(Outside):
    """Broker of one process, as far as it is used."""

    sender = None

    def __init__(self, office: PostOffice, scheduler: Scheduler, broker_id: str) -> None:
        """Take the office, and the name under which this process takes messages."""
        self.broker_id = broker_id
        self._office, self._scheduler = office, scheduler

    def effect(self, name: str, work: Blocking, args: tuple[Any, ...]) -> Effect:
        """Return a call of this broker's as an effect."""
        sends = name == "enqueue_all"
        detail = [message.message_id for message in args[0]] if sends else args
        faults = {"lose", "twice", "flush"} if sends else {"flush"}
        return Effect(f"redis.{name}", detail, self._flushed(work, args), _down, faults=frozenset(faults))

    def _flushed(self, work: Blocking, args: tuple[Any, ...]) -> Callable[[Fault | None], Any]:
        def run(fault: Fault | None) -> Any:
            if fault is not None and fault.kind == "flush":
                self._office.flush()
            return work(*args, fault) if fault and fault.kind in {"lose", "twice"} else work(*args)

        return run

    def enqueue_all(self, messages: Sequence[Message[Any]], fault: Fault | None = None) -> None:
        """Queue messages, unless they are lost."""
        for message in messages:
            if fault is None or fault.kind != "lose":
                self._office.queue(message)
            if fault is not None and fault.kind == "twice":
                self._office.queue(message, again=True)

    def holds(self, queue: str, message_ids: list[str]) -> set[str]:
        """Return which messages wait or are in a worker's hands."""
        return self._office.messages[queue].keys() & set(message_ids)

    def forget_holder(self, broker_id: str, queue: str) -> list[str]:
        """Drop a dead worker's messages and return their ids."""
        held = self._office.taken.pop((queue, broker_id), set())
        # A message that another worker has, too, is forgotten with this one's.
        for name in held:
            self._office.messages[queue].pop(name, None)
        return sorted(held, key=lambda name: name.partition(":")[2])

    def prove_writable(self) -> None:
        """Return."""

    async def take(self, queue: str, may_take: Callable[[], bool]) -> Message[Any] | None:
        """Return the next message, once there is one and it may be taken. None if its data is gone."""

        def run(_: object) -> Message[Any] | None:
            name = self._office.waiting[queue].popleft()
            message = self._office.messages[queue].get(name)
            if message is not None:
                self._office.taken[queue, self.broker_id].add(name)
            return message

        found: Message[Any] | None = await self._scheduler.act(
            Effect("redis.take", queue, run, when=lambda: bool(self._office.waiting[queue]) and may_take())
        )
        return found

    async def acknowledge(self, message: Message[Any]) -> None:
        """Drop a message that is done."""

        def run(_: object) -> None:
            self._office.messages[message.queue_name].pop(message.message_id, None)
            self._office.taken[message.queue_name, self.broker_id].discard(message.message_id)

        await self._scheduler.act(Effect("redis.acknowledge", message.message_id, run, is_answered=False))


def _down() -> Exception:
    return BrokerIsDown("simulated")
