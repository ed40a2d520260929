"""The pulse of all workers: on a busy machine one may stand still until a sweep takes it for dead."""

import threading
import time
from typing import Self

from pymongo.errors import PyMongoError

from tests.audit.world import Accident
from tests.pressroom import Pressroom

_LOOK_EVERY_S = 0.5
#: A worker beats every 2 s, and is taken for dead after 6.
_STILL_S = 4.0


class Pulse:
    """Looks, as long as the `with` block lasts, at each worker's beat. Each that stands still is an accident."""

    def __init__(self, pressroom: Pressroom, accidents: list[Accident]) -> None:
        """Add to these accidents."""
        self._workers, self._accidents = pressroom.db.workers, accidents
        self._seen: dict[str, tuple[int, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            try:
                beats = {one["_id"]: (one["queue"], one["beat"]) for one in self._workers.find()}
            except PyMongoError:
                continue
            for worker, (queue, beat) in beats.items():
                self._look(worker, queue, beat)

    def _look(self, worker: str, queue: str, beat: int) -> None:
        now = time.time()
        seen, since = self._seen.get(worker, (-1, now))
        if seen != beat:
            if now - since > _STILL_S:
                self._accidents.append(Accident(queue, since, now))
            self._seen[worker] = beat, now
