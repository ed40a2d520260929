"""The pulse of all workers: on a busy machine one may stand still until a sweep takes it for dead."""

import time
from contextlib import suppress

from pymongo.errors import PyMongoError

from tests.audit.world import Accident
from tests.chaos.watching import Watch
from tests.pressroom import Pressroom

#: A worker beats every 2 s, and is taken for dead after 6.
_STILL_S = 4.0


class Pulse(Watch):
    """Looks, as long as the `with` block lasts, at each worker's beat. Each that stands still is an accident."""

    every_s = 0.5

    def __init__(self, pressroom: Pressroom, accidents: list[Accident]) -> None:
        """Add to these accidents."""
        super().__init__()
        self._workers, self._accidents = pressroom.db.workers, accidents
        self._seen: dict[str, tuple[int, float]] = {}

    def look(self) -> None:
        """Look at every worker. What cannot be asked is asked the next time."""
        with suppress(PyMongoError):
            for one in self._workers.find().to_list():
                self._look(one["_id"], one["queue"], one["beat"])

    def _look(self, worker: str, queue: str, beat: int) -> None:
        now = time.time()
        seen, since = self._seen.get(worker, (-1, now))
        if seen != beat:
            if now - since > _STILL_S:
                self._accidents.append(Accident(queue, since, now))
            self._seen[worker] = beat, now
