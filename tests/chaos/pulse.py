"""The pulse of all workers: on a busy machine one may stand still until a sweep takes it for dead."""

import time
from contextlib import suppress
from typing import Any

from pymongo.errors import PyMongoError

from tests.audit.world import Accident
from tests.chaos.resumption import Resumption, calls_of
from tests.chaos.watching import Watch
from tests.pressroom import Pressroom

#: A worker beats every 2 s, and is taken for dead after 6.
_STILL_S = 4.0


class Pulse(Watch):
    """Looks, as long as the `with` block lasts, at each worker's beat. Each that stands still is an accident.

    It is one of the calls that the worker has claims for meanwhile, or of all its product's if nobody could look.
    """

    every_s = 0.5

    def __init__(self, pressroom: Pressroom, resumption: Resumption, accidents: list[Accident]) -> None:
        """Add to these accidents."""
        super().__init__()
        self._workers, self._resumption, self._accidents = pressroom.db.workers, resumption, accidents
        self._seen: dict[str, tuple[int, float]] = {}
        self._held: dict[str, frozenset[str]] = {}

    def look(self) -> None:
        """Look at every worker. What cannot be asked is asked the next time."""
        with suppress(PyMongoError):
            for one in self._workers.find().to_list():
                self._look(one, one["_id"])

    def _look(self, worker: Any, name: str) -> None:
        now, beat = time.time(), worker["beat"]
        seen, since = self._seen.get(name, (-1, now))
        if seen != beat:
            held = self._held.pop(name, None)
            if now - since > _STILL_S:
                self._accidents.append(Accident(worker["queue"], since, now, held))
            self._seen[name] = beat, now
        elif now - since > _STILL_S and (claims := self._resumption.claims(worker)) is not None:
            self._held[name] = self._held.get(name, frozenset()) | calls_of(claims)
