"""How soon the work of a killed or leaving worker goes on elsewhere."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import PyMongoError
from redis import RedisError

from infra.broker.broker import decoded
from storage.queueing import message_of
from tests.chaos.watching import Watch
from tests.families import moving
from tests.pressroom import Pressroom

#: A resumption that takes longer is counted as so long.
_LONGEST_S = 120.0
_OVER = {"done", "dead"}

#: Steps that a worker has claimed, each with the epoch of the claim.
Held = Mapping[str, int]


def calls_of(held: Held, later: int = 0) -> frozenset[str]:
    """Return the calls under claims, or under those of so many epochs later, as ledger and requests name them."""
    return frozenset(f"{step}:{epoch + later}" for step, epoch in held.items())


@dataclass
class _Left:
    """Step that a worker leaves to others, from a time on: None as long as one that was told to end has it."""

    step: str
    worker: str
    queue: str
    is_killed: bool
    at: float | None


class Resumption(Watch):
    """Looks, as long as the `with` block lasts, when steps are claimed again by another worker.

    `resumed` are the seconds from a `kill -9` to that claim. `freed` are those from a SIGTERM, for what the worker
    had taken and not begun, or from the moment at which it let go of what it had begun. Those during an outage are
    left out: they are the outage's. While no other worker serves the queue, or only one that was told to end as
    well, no time passes: it is that of starting one.
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
        self._left: list[_Left] = []

    @contextmanager
    def of(self, pid: int) -> Iterator[Callable[[], Held | None]]:
        """Look after the steps of a process that is killed within the block. Yields how to ask for them then."""
        worker, held = self.worker(pid), list[Held | None]()
        yield lambda: held[0]
        held.append(self.claims(worker))
        if worker is not None:
            self._look_after(held[0] or (), worker, is_killed=True, at=time.time())

    @contextmanager
    def of_leaving(self, pid: int) -> Iterator[Held | None]:
        """Look after the steps of a process that is told to end within the block. Yields its claims, if known."""
        worker = self.worker(pid)
        taken, begun = self._taken(worker) if worker is not None else [], self.claims(worker)
        yield begun
        self._look_after(taken, worker, is_killed=False, at=time.time())
        self._look_after(begun or (), worker, is_killed=False, at=None)

    def worker(self, pid: int) -> Any:
        """Return what the register knows of a process. None if it is no worker, or cannot be asked for."""
        with suppress(PyMongoError):
            return self._db.workers.find_one({"pid": pid})
        return None

    def claims(self, worker: Any) -> Held | None:
        """Return the steps that a worker holds. None if they cannot be asked for."""
        if worker is None:
            return None
        with suppress(PyMongoError):
            held = self._db.steps.find({"state": "claimed", "claim.worker": worker["_id"]}, {"epoch": 1})
            return {step["_id"]: step["epoch"] for step in held}
        return None

    def _taken(self, worker: Any) -> list[str]:
        """Return the queued steps whose messages a worker has taken."""
        with suppress(PyMongoError, RedisError):
            hands = self._redis.keys(f"dramatiq:__acks__.{worker['broker_id']}.*")
            messages = set[str]().union(*(decoded(self._redis.smembers(key)) for key in hands))
            named = [one.partition(":")[2] for one in messages]
            queued: Any = self._db.steps.find({"_id": {"$in": named}, "state": "queued"})
            return [step["_id"] for step in queued if message_of(step) in messages]
        return []

    def _look_after(self, steps: Iterable[str], worker: Any, *, is_killed: bool, at: float | None) -> None:
        if time.time() > self.troubled_until:
            self._left += [_Left(step, worker["_id"], worker["queue"], is_killed, at) for step in steps]

    def look(self) -> None:
        """Look at every step that was left. What cannot be asked is asked the next time."""
        looked_at = self._left[:]
        with suppress(PyMongoError):
            named = {"_id": {"$in": [one.step for one in looked_at]}}
            found = {step["_id"]: step for step in self._db.steps.find(named).to_list()}
            serving = self._serving() if looked_at else {}
            for left in looked_at:
                if left.at is not None and serving.get(left.queue, set()) <= {left.worker}:
                    left.at = time.time()
                if self._is_over(left, found.get(left.step)):
                    self._left.remove(left)

    def _serving(self) -> dict[str, set[str]]:
        """Return the workers that can take work, by their queues."""
        serving, alive = defaultdict[str, set[str]](set), moving()
        for worker in self._db.workers.find({"ending": {"$ne": True}}, {"queue": 1, "pid": 1}):
            if worker["pid"] in alive:
                serving[worker["queue"]].add(worker["_id"])
        return serving

    def _is_over(self, left: _Left, step: Any) -> bool:
        """Look at a step once more. True if there is no more to be seen of it."""
        now = time.time()
        if step is None or (left.at or now) < self.troubled_until:
            return True
        holder = step["claim"]["worker"] if step["claim"] is not None else None
        if left.at is None or (holder == left.worker and not left.is_killed):
            return self._is_kept(left, step, holder)
        waited, is_elsewhere = now - left.at, holder not in {None, left.worker} or step["state"] in _OVER
        if not is_elsewhere and waited < _LONGEST_S:
            return False
        (self.resumed if left.is_killed else self.freed).append(min(waited, _LONGEST_S))
        return True

    def _is_kept(self, left: _Left, step: Any, holder: str | None) -> bool:
        """Look at a step that a leaving worker may finish itself. True if it does, or has it wait for its time."""
        now = datetime.now(UTC)
        if holder == left.worker:
            return left.at is not None
        if step["state"] in _OVER or (step["state"] == "ready" and step.get("due_at", now) > now):
            return True
        left.at = time.time()
        return False
