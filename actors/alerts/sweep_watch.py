"""Watch of another process over the sweep, which tells all other troubles and cannot tell its own end."""

from collections.abc import Awaitable, Callable

from actors.alerts.troubles import Trouble, Troubles
from actors.deps.process import Deps
from actors.deps.timers import repeat
from storage.alerts import alert_id
from storage.workers import has_sweep

_LOOK_S = 5.0
_NO_SWEEP = Trouble("no_sweep", "sweep", "No sweep has turned for half a minute. Nothing that fails is mended.")


class SweepWatch:
    """Watch that tells an operator each time that no sweep turns, by itself: only a sweep sends alerts."""

    def __init__(self, deps: Deps, after_s: float, tell: Callable[[str], Awaitable[None]]) -> None:
        """Begin. A sweep that starts together with this process has its time.

        `tell` tells the alert of that id, if it is still to be told, once no sweep has turned for `after_s`.
        """
        self._deps = deps
        self._after_s = after_s
        self._tell = tell
        self._troubles = Troubles()
        self._began = deps.clock.monotonic()

    async def look_for_ever(self) -> None:
        """Look every 5 s, in spite of every error."""
        await repeat(_LOOK_S, self.look, "sweep_not_looked_for", "sweep_watch_failed")

    async def look(self) -> None:
        """Look for a sweep once, and tell an operator if there is none."""
        turns = await has_sweep(self._deps.db, self._after_s)
        if not turns and self._deps.clock.monotonic() - self._began < self._after_s:
            return
        await self._troubles.note(self._deps, _NO_SWEEP, there=not turns)
        if not turns:
            await self._tell(alert_id(_NO_SWEEP.kind, event=_NO_SWEEP.subject))
