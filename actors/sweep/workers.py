"""Finds dead workers: this process itself has seen their counters stand still for long enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from actors.deps.process import Deps
from actors.products.catalogue import queues
from actors.sweep.items import see_to_each
from actors.sweep.messages import resend_messages_of
from actors.sweep.steps import expire_lapsed_claims, take_from
from infra.clock import Clock
from infra.errors import TransientError
from infra.logs import log
from infra.metrics import DEAD_WORKERS
from storage.claims import claims_of
from storage.records.work import Step, Worker
from storage.workers import live_workers, prove_writable, remove_silent_worker

#: A worker beats every 2 s. After this long at the same beat, over this many reads, it is dead.
_STILL_S = 6.0
_READS = 3
#: A look that took longer waited for MongoDB, and no worker could beat meanwhile.
_PROMPT_S = 1.0
#: The time after an outage of MongoDB in which nothing is taken from holders. They record finished work first.
_SETTLED_S = 15.0

for _queue in queues():
    DEAD_WORKERS.labels(_queue)  # from 0 on: Prometheus sees no increase in a counter that begins with 1


@dataclass
class _Seen:
    pulse: tuple[int, datetime]
    since: float
    reads: int


class Watch:
    """Observer of heartbeats on this process's own monotonic clock: no two machines' clocks are compared."""

    def __init__(self, clock: Clock) -> None:
        """Start with no observation. A sweep that has just begun takes no worker for dead.

        MongoDB may have been away until now.
        """
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._trouble_at = self._looked_at = clock.monotonic()

    async def dead_workers(self, deps: Deps) -> list[Worker]:
        """Read every counter once more. Returns the workers that have stood still long enough."""
        asked = self._clock.monotonic()
        try:
            await prove_writable(deps.db)
            workers = await live_workers(deps.db)
        except TransientError:
            self._forget()
            raise
        now = self._clock.monotonic()
        if now - asked > _PROMPT_S:
            self._discount(now)
        self._looked_at = now
        self._seen = {worker["_id"]: self._observe(worker, now) for worker in workers}
        return [worker for worker in workers if self._is_still(self._seen[worker["_id"]], now)]

    def _forget(self) -> None:
        """Drop all observations: the heartbeats of an outage are unknown."""
        self._seen.clear()
        self._trouble_at = self._clock.monotonic()

    def _discount(self, now: float) -> None:
        """Leave the time since the look before out of all observations: MongoDB kept everyone waiting in it."""
        for seen in self._seen.values():
            seen.since += now - self._looked_at
        self._trouble_at = now

    def _observe(self, worker: Worker, now: float) -> _Seen:
        before = self._seen.get(worker["_id"])
        if before is None or before.pulse != _pulse(worker):
            return _Seen(_pulse(worker), now, 1)
        return _Seen(before.pulse, before.since, before.reads + 1)

    def _is_still(self, seen: _Seen, now: float) -> bool:
        return seen.reads >= _READS and now - seen.since >= _STILL_S

    async def expire_lapsed_claims(self, deps: Deps) -> None:
        """Take steps from holders whose time is over, unless it ran out while MongoDB was away (T14x)."""
        if self._clock.monotonic() - self._trouble_at > _SETTLED_S:
            await expire_lapsed_claims(deps)

    async def bury_dead_workers(self, deps: Deps) -> None:
        """Free the claims of dead workers, and send the messages again that they had taken (T9, T14x)."""
        silent = await self.dead_workers(deps)
        # Before the last look at their beats: what a worker claims that lives, it fences anew after its next beat.
        held = {worker["_id"]: await claims_of(deps.db, worker["_id"]) for worker in silent}
        pulses = {worker["_id"]: _pulse(worker) for worker in await live_workers(deps.db)} if silent else {}
        dead = [worker for worker in silent if pulses.get(worker["_id"]) == _pulse(worker)]
        dead = await see_to_each(deps, dead, partial(_take_claims, deps, held))
        # Their messages need Redis, which may be away. Claims do not, and come first.
        await see_to_each(deps, dead, partial(_take_messages, deps))


def _pulse(worker: Worker) -> tuple[int, datetime]:
    """Return what each beat changes: the count begins anew when another sweep has buried a worker that lives."""
    return worker["beat"], worker["beat_at"]


async def _take_claims(deps: Deps, held: Mapping[str, Sequence[Step]], worker: Worker) -> None:
    log.warning("worker_dead", worker=worker["_id"], queue=worker["queue"])
    await take_from(deps, worker, held[worker["_id"]])


async def _take_messages(deps: Deps, worker: Worker) -> None:
    await resend_messages_of(deps, worker)
    if await claims_of(deps.db, worker["_id"]):  # it lived, and has claimed more: the next look judges it
        return
    if await remove_silent_worker(deps.db, worker):
        # Once, though it was looked at by several sweeps, or often while Redis was away.
        DEAD_WORKERS.labels(worker["queue"]).inc()
