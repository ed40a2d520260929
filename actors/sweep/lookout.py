"""Lookout of a sweep: it looks after the installation itself, its workers, Redis, and the sweep's own duties."""

import asyncio
from collections import Counter

from actors.alerts.troubles import Trouble, Troubles
from actors.deps.process import Deps
from actors.products.catalogue import MAIL_QUEUE, PRODUCTS, queues
from actors.sweep.messages import no_worker
from infra.broker.broker import BrokerIsDown
from infra.errors import PermanentError
from storage.database import DatabaseIsDown
from storage.queueing import overdue_messages
from storage.reports import unbegun_reports
from storage.workers import live_workers, note_sweep

#: The time that no mail worker may be there: a restart takes less.
_NO_MAIL_S = 20.0
#: The time that a product's work may wait for a worker.
_NO_WORK_S = 30.0
_REDIS = Trouble("redis", "redis", "Redis has been away, or has taken no writes, for a minute.", 60.0)
#: The rounds running that a duty fails before an operator is told: one may have met an election or a restart.
_ROUNDS = 3
#: The number of overdue messages that are looked at.
_MOST = 500


class Lookout:
    """Memory of what one sweep has seen of its installation."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._troubles = Troubles()
        self._failures = Counter[str]()
        #: The queues whose work waits, until a worker serves them.
        self._waiting = {MAIL_QUEUE}

    async def note_turn(self, deps: Deps) -> None:
        """Record that a sweep turns: mail workers and the web process look for that."""
        await note_sweep(deps.db)

    async def look_for_workers(self, deps: Deps) -> None:
        """Alert an operator to mail that no worker sends, and to a product's work that no worker does."""
        served = {worker["queue"] for worker in await live_workers(deps.db)}
        if not served.issuperset(PRODUCTS):
            now = deps.clock.now()
            self._waiting |= {step["product"] for step in await overdue_messages(deps.db, now, _MOST)}
            self._waiting |= {report["product"] for report in await unbegun_reports(deps.db, now, _MOST)}
        self._waiting -= served - {MAIL_QUEUE}
        for queue in queues():
            if queue in served or queue in self._waiting:
                lasting_s = _NO_MAIL_S if queue == MAIL_QUEUE else _NO_WORK_S
                await self._troubles.note(deps, no_worker(queue, lasting_s), there=queue not in served)

    async def look_at_redis(self, deps: Deps) -> None:
        """Alert an operator to a Redis that has been away for a minute."""
        try:
            await asyncio.to_thread(deps.broker.prove_writable)
        except BrokerIsDown:
            await self._troubles.note(deps, _REDIS, there=True)
        else:
            await self._troubles.note(deps, _REDIS, there=False)

    async def note_done(self, deps: Deps, duty: str) -> None:
        """Take a duty for sound, since it was done."""
        self._failures.pop(duty, None)
        await self._troubles.note(deps, _failing(duty), there=False)

    async def note_failed(self, deps: Deps, duty: str, error: Exception) -> None:
        """Alert an operator to a duty that failed for good, or several rounds running.

        A Redis that is away is an alert of its own. While MongoDB is away no alert can be written.
        """
        if isinstance(error, BrokerIsDown | DatabaseIsDown):
            return
        self._failures[duty] += 1
        if isinstance(error, PermanentError) or self._failures[duty] >= _ROUNDS:
            await self._troubles.note(deps, _failing(duty), there=True)


def _failing(duty: str) -> Trouble:
    return Trouble("sweep", duty, f"The sweep fails at {duty}. Its log says why.")
