"""One Dramatiq worker in one process: which middleware it runs, and how it starts and stops."""

import time
import traceback
from collections.abc import Callable
from typing import Any

from dramatiq import Worker
from dramatiq.broker import Broker as AnyBroker
from dramatiq.broker import MessageProxy
from dramatiq.common import iter_queue
from dramatiq.middleware import Middleware, TimeLimit

from infra.broker.broker import Broker
from infra.broker.dead_message import DeadMessage

#: How long a stopping worker waits for its consumer to give messages back: a bell's wait and a little.
_DRAIN_S = 1.5


class FailForGood(Middleware):
    """A message that raises is dead at once: retries belong to steps, in MongoDB, not to messages."""

    @property
    def actor_options(self) -> set[str]:
        """Return the options that every actor states."""
        return {"max_retries"}

    def after_process_message(
        self,
        broker: AnyBroker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Mark the message as failed, with the whole traceback."""
        if exception is not None:
            message.options["traceback"] = "".join(traceback.format_exception(exception))
            message.fail()


def consuming_broker(url: str, bury: Callable[[DeadMessage], None]) -> Broker:
    """Return the broker of a worker process. Who declares coroutines sets the event loop thread first."""
    return Broker(url, middleware=[TimeLimit(interval=500), FailForGood()], bury=bury)


def start_worker(broker: Broker, queue: str, threads: int) -> Worker:
    """Start consuming one queue; `threads` bounds how many messages are in the air, and is what is prefetched."""
    worker = Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=500)
    worker.queue_prefetch = threads
    broker.emit_after("process_boot")
    worker.start()
    return worker


def stop_worker(broker: Broker, worker: Worker, grace_s: float) -> None:
    """Give back at once what has not begun, then let what has begun finish within the grace period."""
    began = time.monotonic()
    broker.stop_taking(_DRAIN_S)
    waiting = [item.message for item in iter_queue(worker.work_queue)]
    for message in waiting:
        worker.consumers[message.queue_name].requeue_messages([message])
    left_s = max(0.5, grace_s - (time.monotonic() - began))
    worker.stop(timeout=int(left_s * 1000))
