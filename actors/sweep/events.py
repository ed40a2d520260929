"""Events that were recorded and not applied: a crash, or a database that went away in between."""

from actors.deps import Deps
from actors.intake import apply_event
from storage.events import unapplied_events

_BATCH = 100


async def apply_left_events(deps: Deps) -> None:
    """Apply events that have waited for 5 s or more."""
    for event in await unapplied_events(deps.db, deps.clock.now(), _BATCH):
        await apply_event(deps, event["_id"], event["type"], event["raw"])
