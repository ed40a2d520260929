"""Life of a worker process: build, declare, consume, and leave in order."""

import asyncio
import contextlib
import logging
import sys
import threading
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from dramatiq import Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread

from actors.alerts.sweep_watch import SweepWatch
from actors.alerts.tell_alert import tell_alert
from actors.deps.room import Room
from actors.deps.startup import open_deps
from actors.deps.worker import WorkDeps
from actors.products.catalogue import MAIL_QUEUE, queues_of
from actors.worker.actors import declare_actors
from actors.worker.heartbeat import ClaimsAudit, Heart
from infra.broker.broker import DeadMessage
from infra.broker.worker import consuming_broker, start_workers, stop_workers
from infra.llm.answer import Request
from infra.logs import log
from infra.mail.transport import transport_for
from infra.pdf import Renderer
from infra.settings import Settings, cost_of_ending
from infra.stripe.client import Stripe
from storage.alerts import raise_alert
from storage.dead_letters import MESSAGE_IS_DEAD, record_dead_message
from storage.workers import SWEEP_TURNS_S

if TYPE_CHECKING:
    from infra.llm.client import Llm

#: The threads for calls that block: mail, Stripe, names. As many as messages that are in the air by default, and
#: more.
_THREADS = 64
#: The pause between a thread's looks at the time limit, an hour, of its message in the air.
_LOOK_S = 60.0
#: The looks, a second apart, after which a loop that has not turned hangs: the process ends, and others take its
#: work. They are counted, since a process that was frozen must not find its loop late by the clock. They are many,
#: since a loop that yields to other processes may be slow.
_MOST_LOOKS = 60
#: The innermost calls of a loop that hangs, for the log.
_FRAMES = 6
#: The time after the grace period: for released claims to be written, and for leaving the register. Each once.
_LEAVE_S = 1.5
#: The time before that: for advancing steps that are done. The sweep does it otherwise.
_FINISH_S = 0.5
#: The time after both in which a loop that turns has seen that they are over.
_SEEN_S = 0.5
#: The renderings in the air at once: enough that two children never wait for the next, however long MongoDB takes.
_RENDERINGS = 6


class WorkerHangs(Exception):
    """The event loop of this worker does not turn any more."""


class _NobodyWrites:
    """LLM of a worker that writes nothing."""

    async def reserve(self, request: Request, *, priority: int = 0) -> NoReturn:
        """Fail: no actor of that queue asks."""
        raise NotImplementedError(request, priority)


class WorkerProcess:
    """Worker: built in the main thread, working on the loop of another."""

    def __init__(self, settings: Settings, queue: str, threads: int, renderer: Renderer, heart: Heart) -> None:
        """Start the loop, and build the worker on it. RendererCannotStart if it could set no chapter."""
        self._settings, self._queue = settings, queue
        self._postman = transport_for(settings)
        self._loop = EventLoopThread(logging.getLogger("dramatiq.loop"), _LOOK_S)
        self._loop.daemon = True  # a worker that cannot be built, or hangs, must be able to end
        self._loop.start(timeout=5.0)
        set_event_loop_thread(self._loop)
        self._renderer, self._heart = renderer, heart
        warm = asyncio.run_coroutine_threadsafe(self._warm_up(), self._loop.loop)
        self._broker = consuming_broker(settings.redis_url, self._bury, self._has_pulse)
        self._llm = None if queue == MAIL_QUEUE else _open_llm(settings)
        self._deps = self._loop.run_coroutine(self._open(threads))
        warm.result()
        self._audit = ClaimsAudit(self._deps, queue)
        self._threads = threads
        self._workers: dict[str, Worker] = {}

    def begin(self, stop: threading.Event) -> bool:
        """Register the worker, which waits for MongoDB, and begin to work. False if told to stop before that."""
        # Before the first message: a worker that dies with one must be known to have lived.
        if not self._heart.begin(self._deps, self._queue, self._threads, stop):
            return False
        pulses = [self._audit.audit_for_ever()]
        if self._queue == MAIL_QUEUE:
            watch = SweepWatch(self._deps, SWEEP_TURNS_S, partial(tell_alert, self._deps))
            pulses.append(watch.look_for_ever())
        for pulse in pulses:
            asyncio.run_coroutine_threadsafe(pulse, self._loop.loop)
        declare_actors(self._broker, self._queue, self._deps)
        bounds = (self._threads, min(self._threads, _RENDERINGS))
        self._workers = start_workers(self._broker, dict(zip(queues_of(self._queue), bounds, strict=False)))
        return True

    def log_start(self) -> None:
        """Log the hosts that this worker talks to, without credentials."""
        redis = self._broker.client.connection_pool.connection_kwargs
        log.info(
            "worker_started",
            queue=self._queue,
            mongodb=self._deps.db.host,
            redis=f"{redis.get('host', 'localhost')}:{redis.get('port', 6379)}",
            s3=self._deps.objects.host,
            llm=self._llm and self._llm.host,
            mail=self._postman.host,
        )
        if self._llm and (cost := cost_of_ending(self._settings)):
            log.warning("calls_may_be_cut", at_sigterm=cost)

    def wait(self, stop: threading.Event) -> None:
        """Wait until told to stop. WorkerHangs if the loop stands still meanwhile."""
        turned, looks = threading.Event(), 0
        self._loop.loop.call_soon_threadsafe(turned.set)
        while not stop.wait(1.0):
            looks += 1
            if turned.is_set():
                turned, looks = threading.Event(), 0
                self._loop.loop.call_soon_threadsafe(turned.set)
            elif looks >= _MOST_LOOKS:
                raise self._hangs()

    def close(self) -> None:
        """Give unbegun work back at once, let calls in flight finish within the grace period, then leave.

        WorkerHangs if the loop does not turn any more.
        """
        for tell in (self._deps.stopping.set, self._renderer.take_no_more):
            self._loop.loop.call_soon_threadsafe(tell)
        self._heart.announce_end(self._deps)
        stop_workers(self._broker, self._workers, self._settings.grace_s)
        self._heart.stop()
        leaving = asyncio.run_coroutine_threadsafe(self._leave(), self._loop.loop)
        try:
            leaving.result(_FINISH_S + 2 * _LEAVE_S + _SEEN_S)
        except TimeoutError:
            raise self._hangs() from None

    def _hangs(self) -> WorkerHangs:
        """Log where the loop stands, without a value of any variable, and return the error."""
        stands = sys._current_frames().get(self._loop.ident or 0)  # noqa: SLF001  # nothing public knows it
        calls = traceback.extract_stack(stands)[-_FRAMES:]
        log.error("worker_hangs", at=[f"{one.filename}:{one.lineno} {one.name}" for one in calls])
        return WorkerHangs()

    async def _open(self, threads: int) -> WorkDeps:
        # The default has six threads on two processors. Vendors that hang must not delay the look-up of others'
        # names, or the start of a rendering.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="vendor"))
        return WorkDeps(
            **vars(open_deps(self._settings, broker=self._broker)),
            worker=uuid.uuid4().hex,
            llm=self._llm or _NobodyWrites(),
            typesetter=self._renderer,
            children=self._renderer.pool,
            mailer=self._postman,
            stripe=Stripe(self._settings),
            # Half of its hands are for letters, a quarter for alerts.
            letters=Room(max(1, threads // 2)),
            alerts=Room(max(1, threads // 4)),
        )

    async def _warm_up(self) -> None:
        if self._queue != MAIL_QUEUE:
            await self._renderer.warm_up()

    async def _leave(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._deps.timers.finish(), _FINISH_S)
        overdue = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in overdue:
            task.cancel()
        if overdue:
            await asyncio.wait(overdue, timeout=_LEAVE_S)
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self._deps.timers.finish()
                await self._audit.leave()
                await self._renderer.close()
                if self._llm:
                    await self._llm.close()
        except TimeoutError:
            log.warning("worker_left_to_sweep", error="Not all was given back in time.")

    def _has_pulse(self) -> bool:
        return self._deps.pulse.is_young(self._deps.clock)

    def _bury(self, dead: DeadMessage) -> None:
        self._loop.run_coroutine(self._record(dead))

    async def _record(self, dead: DeadMessage) -> None:
        now = self._deps.clock.now()
        letter = await record_dead_message(self._deps.db, now=now, **vars(dead))
        log.error("message_dead", queue=dead.queue, letter=letter, error=dead.error.partition(":")[0][:100])
        await raise_alert(self._deps.db, "dead_message", MESSAGE_IS_DEAD, now, event=letter)


def _open_llm(settings: Settings) -> "Llm":
    from infra.llm.client import Llm  # here, since the mail worker need not load the vendor's library

    return Llm(settings)
