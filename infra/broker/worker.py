"""Workers of one process: their middleware, their start and their stop."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from dramatiq import Worker
from dramatiq.broker import Broker as AnyBroker
from dramatiq.broker import MessageProxy
from dramatiq.common import iter_queue, join_queue
from dramatiq.errors import ConnectionClosed, QueueJoinTimeout
from dramatiq.middleware import Middleware, TimeLimit

from infra.broker.broker import Broker, DeadMessage
from infra.broker.consumer import QueueConsumer

#: How long a stopping worker waits for its consumer to give messages back: a bell's wait and a little.
_DRAIN_S = 1.5
#: How often an idle thread looks whether it should stop: there are dozens, and none is waited for.
_POLL_MS = 60_000
#: How often a message under way is held against its time limit, an hour.
_LIMIT_LOOK_MS = 60_000
#: How long consumers have to end once all that they fetched was given back.
_STOP_MS = 100


class FailForGood(Middleware):
    """Lets a message that raises die at once: retries belong to steps, in MongoDB, not to messages."""

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
        """Mark the message as failed."""
        if exception is not None:
            message.fail()


class ConsumingBroker(Broker):
    """The broker of a process that consumes as well."""

    @property
    def consumer_class(self) -> type[QueueConsumer]:
        """Return our own consumer."""
        return QueueConsumer


def consuming_broker(
    url: str, bury: Callable[[DeadMessage], None], may_take: Callable[[], bool] = lambda: True
) -> Broker:
    """Return the broker of a worker process. To declare coroutines, set the event loop thread first."""
    middleware = [TimeLimit(interval=_LIMIT_LOOK_MS), FailForGood()]
    broker = ConsumingBroker(url, middleware=middleware, bury=bury, may_take=may_take)
    # A worker for each queue brings a middleware of its own, of which Dramatiq warns as if that were an accident.
    broker.logger.setLevel(logging.ERROR)
    return broker


def start_workers(broker: Broker, queues: Mapping[str, int]) -> dict[str, Worker]:
    """Start consuming queues, each with threads of its own, so that none waits for another.

    The threads of a queue bound how many of its messages are in the air; as many are prefetched.
    """
    workers = {}
    for queue, threads in queues.items():
        workers[queue] = Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=_POLL_MS)
        workers[queue].queue_prefetch = threads
    broker.emit_after("process_boot")
    for worker in workers.values():
        worker.start()
    return workers


def _give_back_unbegun(workers: Mapping[str, Worker]) -> None:
    """Queue again what no thread has begun.

    All in one go: a Redis that hangs is waited for once. A worker of whose messages Redis still counts some stays
    registered, and the sweep sends them again.
    """
    for queue, worker in workers.items():
        unbegun = [item.message for item in iter_queue(worker.work_queue)]
        for _ in unbegun:
            worker.work_queue.task_done()
        with suppress(ConnectionClosed):
            worker.consumers[queue].requeue_messages(unbegun)


def stop_workers(broker: Broker, workers: Mapping[str, Worker], grace_s: float) -> None:
    """Give back unbegun messages at once, then let the others finish within the grace period."""
    deadline = time.monotonic() + grace_s
    broker.draining.set()
    _give_back_unbegun(workers)
    broker.await_drained(workers, _DRAIN_S)
    _give_back_unbegun(workers)  # what a consumer handed on while it was told
    # Dramatiq's own wait is for all threads, and each that is idle would have to notice first that it should end.
    for worker in workers.values():
        with suppress(QueueJoinTimeout):
            join_queue(worker.work_queue, max(0.0, deadline - time.monotonic()))
    for worker in workers.values():
        worker.stop(timeout=_STOP_MS)
