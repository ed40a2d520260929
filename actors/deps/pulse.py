"""Pulse of a worker: the time of its last beat, by which it knows whether others may take it for dead."""

from datetime import datetime
from typing import NamedTuple

from infra.clock import Clock

#: A sweep takes a worker for dead that it has not seen beat for 6 s. A beat comes every 2 s.
_YOUNG_S = 4.0


class Beat(NamedTuple):
    """Beginning of a beat, by both clocks: a machine that sleeps stops the one, and the other may be set back."""

    now: datetime
    monotonic_s: float

    def is_young(self, clock: Clock) -> bool:
        """Return whether no sweep can take this process for dead yet, if this was its last beat."""
        age_s = max((clock.now() - self.now).total_seconds(), clock.monotonic() - self.monotonic_s)
        return age_s <= _YOUNG_S


class Pulse:
    """Last beat that MongoDB has taken.

    A process that was frozen may be taken for dead until it beats again, with all that it has claimed by then.
    """

    #: None where no heart beats.
    last: Beat | None = None

    def is_young(self, clock: Clock) -> bool:
        """Return whether no sweep can take this process for dead yet."""
        return self.last is None or self.last.is_young(clock)
