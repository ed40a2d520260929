"""Events that were recorded and not applied: a crash, or a database that went away in between."""

from actors.deps import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.news import Event
from storage.events import unapplied_events

_BATCH = 100


async def apply_left_events(deps: Deps) -> None:
    """Apply events that nobody has applied in time."""
    left = await unapplied_events(deps.db, deps.clock.now(), _BATCH)
    if left:
        events = [Event(event["_id"], event["type"], event["raw"]) for event in left]
        await finish_events(deps, await apply_events(deps, events))
