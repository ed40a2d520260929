"""How soon the work of a killed or leaving worker goes on elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from pymongo.errors import PyMongoError
from redis import RedisError

from tests.chaos.watching import Watch
from tests.pressroom import Pressroom

#: A resumption that takes longer is counted as so long.
_LONGEST_S = 120.0


class _Lost(NamedTuple):
    step: str
    worker: str
    at: float


class Resumption(Watch):
    """Looks, as long as the `with` block lasts, when lost steps are claimed again by another worker.

    `resumed` are the seconds from a `kill -9` to that claim, `freed` those from a SIGTERM until nothing that was
    not begun is in the leaving worker's hands. Those during an outage are left out: they are the outage's.
    """

    every_s = 0.1

    def __init__(self, pressroom: Pressroom) -> None:
        """Look at nothing yet."""
        super().__init__()
        self._db, self._redis = pressroom.db, pressroom.redis
        self.resumed: list[float] = []
        self.freed: list[float] = []
        #: The time of the last outage's end, or the future while one lasts.
        self.troubled_until = 0.0
        self._lost: list[_Lost] = []

    @contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """Look after the steps of a process that is killed within the block."""
        worker = self._worker(pid)
        yield
        at = time.time()
        if worker is not None and at > self.troubled_until:
            self._lost += [_Lost(step, worker["_id"], at) for step in self._claims(worker["_id"])]

    @contextmanager
    def of_messages(self, pid: int) -> Iterator[None]:
        """Look after the messages of a process that is told to end within the block."""
        worker = self._worker(pid)
        yield
        began = time.time()
        if worker is None or began < self.troubled_until:
            return
        while time.time() - began < _LONGEST_S:
            if self._unbegun(worker) == 0:
                self.freed.append(time.time() - began)
                return
            time.sleep(self.every_s / 2)

    def _unbegun(self, worker: Any) -> int | None:
        """Return how many messages a worker holds beyond those of the steps that it works on. None if unknown."""
        try:
            held = self._redis.keys(f"dramatiq:__acks__.{worker['broker_id']}.*")
            messages = sum(self._redis.scard(key) for key in held)
        except RedisError:
            return None
        return max(0, messages - len(self._claims(worker["_id"])))

    def _worker(self, pid: int) -> Any:
        try:
            return self._db.workers.find_one({"pid": pid})
        except PyMongoError:
            return None

    def _claims(self, worker: str) -> list[str]:
        try:
            return [step["_id"] for step in self._db.steps.find({"state": "claimed", "claim.worker": worker})]
        except PyMongoError:
            return []

    def look(self) -> None:
        """Look at every lost step. What cannot be asked is asked the next time."""
        looked_at = self._lost[:]
        with suppress(PyMongoError):
            named = {"_id": {"$in": [one.step for one in looked_at]}}
            found = {step["_id"]: step for step in self._db.steps.find(named).to_list()}
            for lost in looked_at:
                self._look(lost, found.get(lost.step))

    def _look(self, lost: _Lost, step: Any) -> None:
        waited, now = time.time() - lost.at, time.time()
        if lost.at < self.troubled_until or step is None:
            self._lost.remove(lost)
            return
        elsewhere = step["claim"] is not None and step["claim"]["worker"] != lost.worker
        if elsewhere or step["state"] in {"done", "dead"} or waited > _LONGEST_S:
            self._lost.remove(lost)
            self.resumed.append(min(now - lost.at, _LONGEST_S))
