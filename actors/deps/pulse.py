"""Pulse of a worker: the time of its last beat, by which it knows whether others may take it for dead."""

from datetime import datetime

from infra.clock import Clock

#: A sweep takes a worker for dead that it has not seen beat for 6 s. A beat comes every 2 s.
_YOUNG_S = 4.0
_LOOK_S = 0.1


class Pulse:
    """Beginning of the last beat that MongoDB has taken.

    A process that was frozen may be taken for dead until it beats again, with all that it has claimed by then.
    """

    def __init__(self) -> None:
        """Begin before the first beat, before which nothing is claimed."""
        self._last: tuple[datetime, float] | None = None

    def note(self, now: datetime, monotonic_s: float) -> None:
        """Note a beat that was taken, by both clocks as they stood when it began."""
        self._last = now, monotonic_s

    def is_young(self, clock: Clock) -> bool:
        """Return whether no sweep can take this process for dead yet.

        Both clocks are asked: a machine that sleeps stops the one, and the other may be set back.
        """
        if self._last is None:
            return True
        now, monotonic_s = self._last
        age_s = max((clock.now() - now).total_seconds(), clock.monotonic() - monotonic_s)
        return age_s <= _YOUNG_S

    async def until_young(self, clock: Clock) -> None:
        """Return after the next beat, or at once if the last one is young."""
        while not self.is_young(clock):
            await clock.sleep(_LOOK_S)
