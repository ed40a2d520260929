"""Heartbeat of a worker, beaten by the loop that works, and the audit of its own claims."""

import asyncio
import os
import socket

import structlog

from actors.deps.worker import WorkDeps
from actors.products.catalogue import queues_of
from actors.products.plans import FORMAT
from infra.errors import TransientError
from storage.claims import claims_of, release_step
from storage.records.work import WorkerFacts
from storage.workers import beat, note_ending, remove_worker

log = structlog.get_logger()

_BEAT_S = 2.0
_AUDIT_S = 10.0
#: The pause between looks whether the threads have told Redis of the messages that were just let go.
_RELEASED_S = 0.05


class Heart:
    """Heart that beats every 2 s while the loop runs.

    A loop that hangs does not beat, and the sweep takes its work.
    """

    def __init__(self, deps: WorkDeps, queue: str, threads: int) -> None:
        """Prepare the worker's entry in the register."""
        self._deps = deps
        self._facts: WorkerFacts = {
            "queue": queue,
            "threads": threads,
            "broker_id": deps.broker.broker_id,
            "formats": [FORMAT],
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_at": deps.clock.now(),
        }
        self.last_turn = deps.clock.monotonic()

    async def announce_end(self) -> None:
        """Say in the register that this worker was told to end: if it is killed, no step of it is to blame."""
        try:
            await note_ending(self._deps.db, self._deps.worker)
        except TransientError as error:
            log.warning("end_not_announced", error=str(error))

    async def beat_for_ever(self) -> None:
        """Beat in spite of every error: a heart that stops while the loop works costs every call in the air."""
        while True:
            await self.beat()
            await asyncio.sleep(_BEAT_S)

    async def beat(self) -> None:
        """Beat once. A beat that fails is made good by the next."""
        try:
            await beat(self._deps.db, self._deps.worker, self._facts, self._deps.clock.now())
        except TransientError as error:
            log.warning("heartbeat_missed", error=str(error))
        except Exception:
            log.exception("heartbeat_failed")
        self.last_turn = self._deps.clock.monotonic()

    async def audit_for_ever(self) -> None:
        """Release, every 10 s, the steps that are ours in MongoDB and not worked on."""
        while True:
            await asyncio.sleep(_AUDIT_S)
            try:
                await self._audit()
            except TransientError as error:
                log.warning("audit_put_off", error=str(error))
            except Exception:
                log.exception("audit_failed")

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
        return await asyncio.to_thread(self._deps.broker.has_taken, queues_of(self._facts["queue"]))

    async def _audit(self) -> None:
        for step in await claims_of(self._deps.db, self._deps.worker):
            if step["_id"] not in self._deps.claims:
                log.warning("claim_nobody_works_on", step=step["_id"])
                now = self._deps.clock.now()
                await release_step(self._deps.db, step["_id"], step["epoch"], now, failed_at=None)
