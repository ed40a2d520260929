"""Events that a crash kept from being applied, and those that were kept long enough."""

from datetime import timedelta

from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event
from storage.events import drop_events, unapplied_events

_BATCH = 100
#: Removed in one round, of applied and of ignored ones: 144,000 a day of each, in commands that nobody notices.
_DROPPED = 1000


async def apply_left_events(deps: Deps) -> None:
    """Apply events that nobody has applied in time."""
    left = await unapplied_events(deps.db, deps.clock.now(), _BATCH)
    if left:
        events = [Event(event["_id"], event["type"], event["raw"]) for event in left]
        await finish_events(deps, await apply_events(deps, events))


async def drop_old_events(deps: Deps) -> None:
    """Remove the oldest events that are kept no longer, if the settings say how long."""
    if days := deps.settings.retain_events_days:
        await drop_events(deps.db, deps.clock.now() - timedelta(days=days), _DROPPED)
