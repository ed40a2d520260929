"""Heartbeat of a worker, and the audit of its own claims."""

import asyncio
import logging
import os
import socket
import threading
from functools import partial

from dramatiq.asyncio import EventLoopThread

from actors.deps.pulse import Beat
from actors.deps.timers import repeat, try_once
from actors.deps.worker import WorkDeps
from actors.products.catalogue import queues_of
from actors.products.plans import FORMATS
from infra.errors import TransientError
from infra.logs import log
from storage.claims import claims_of, release_step
from storage.database import Database
from storage.records.work import WorkerFacts
from storage.workers import beat, note_ending, remove_worker

_BEAT_S = 2.0
#: The time that a beat has to end once the worker leaves.
_STOPS_S = 1.0
_AUDIT_S = 10.0
#: The pause between looks whether the threads have told Redis of the messages that were just let go.
_RELEASED_S = 0.05


async def beat_once(deps: WorkDeps, db: Database, facts: WorkerFacts) -> None:
    """Count one beat in MongoDB, and note it as this worker's pulse. TransientError if it was not taken."""
    began = Beat(deps.clock.now(), deps.clock.monotonic())
    await beat(db, deps.worker, facts, began.now)
    deps.pulse.last = began


class Heart:
    """Heart that beats every 2 s, on a thread and a loop of its own, as nice as the thread that made it.

    The loop that works may be starved by processes that go first. It is slow then, and not dead.
    """

    def __init__(self, mongodb_url: str) -> None:
        """Start the loop. Nothing is connected yet."""
        self._loop = EventLoopThread(logging.getLogger("dramatiq.loop"))
        self._loop.daemon = True  # a worker that cannot be built must be able to end
        self._loop.start(timeout=5.0)
        self._url = mongodb_url

    def begin(self, deps: WorkDeps, queue: str, threads: int, stop: threading.Event) -> bool:
        """Register the worker by its first beat, which waits for MongoDB, and go on beating.

        False if the worker was told to stop before that.
        """
        facts: WorkerFacts = {
            "queue": queue,
            "threads": threads,
            "broker_id": deps.broker.broker_id,
            "formats": [*FORMATS],
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_at": deps.clock.now(),
        }
        self._loop.run_coroutine(self._connect())
        # The next beat makes good for one that fails: a still heart costs every call in the air.
        beating = partial(beat_once, deps, self._db, facts), "heartbeat_missed", "heartbeat_failed"
        while not self._loop.run_coroutine(try_once(*beating)):
            if stop.wait(_BEAT_S):
                return False
        asyncio.run_coroutine_threadsafe(repeat(_BEAT_S, *beating), self._loop.loop)
        return True

    def announce_end(self, deps: WorkDeps) -> None:
        """Have the register say that this worker was told to end: if it is killed, no step of it is to blame."""
        asyncio.run_coroutine_threadsafe(self._announce_end(deps), self._loop.loop)

    def stop(self) -> None:
        """Beat no more. A beat that is under way has a second to end."""
        self._loop.run_coroutine(self._end())

    async def _connect(self) -> None:
        self._db = Database(self._url)

    async def _end(self) -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way, timeout=_STOPS_S)

    async def _announce_end(self, deps: WorkDeps) -> None:
        try:
            await note_ending(self._db, deps.worker)
        except TransientError as error:
            log.warning("end_not_announced", error=str(error))


class ClaimsAudit:
    """Audit of a worker's own claims, and its way out of the register."""

    def __init__(self, deps: WorkDeps, queue: str) -> None:
        """Prepare the audit of the claims that `deps` holds."""
        self._deps = deps
        self._queue = queue

    async def audit_for_ever(self) -> None:
        """Release, every 10 s, the steps that are ours in MongoDB and not worked on."""
        await repeat(_AUDIT_S, self._audit, "audit_put_off", "audit_failed")

    async def leave(self) -> None:
        """Release the steps that are not worked on, then leave the register. The sweep mends any failure here.

        A worker that still holds a step or a message stays registered, so that the sweep sees it fall silent. The
        threads of messages that were just let go are waited for, without limit.
        """
        try:
            await self._audit()
            while await self._has_messages():
                await self._deps.clock.sleep(_RELEASED_S)
            if not await claims_of(self._deps.db, self._deps.worker):
                await remove_worker(self._deps.db, self._deps.worker)
        except TransientError as error:
            log.warning("worker_left_to_sweep", error=str(error))

    async def _has_messages(self) -> bool:
        """Return whether Redis counts messages as ours. BrokerIsDown if it cannot say."""
        return await asyncio.to_thread(self._deps.broker.has_taken, queues_of(self._queue))

    async def _audit(self) -> None:
        for step in await claims_of(self._deps.db, self._deps.worker):
            if step["_id"] not in self._deps.claims:
                log.warning("claim_nobody_works_on", step=step["_id"])
                now = self._deps.clock.now()
                await release_step(self._deps.db, step["_id"], step["epoch"], now)
