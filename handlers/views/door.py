"""View of the front door: how Stripe's events come in, and what becomes of them."""

import json
from datetime import timedelta
from typing import TypedDict

from actors.deps.process import Deps
from actors.intake.events import OTHER_MODE
from handlers.views.orders import as_text, seconds_since
from infra.stripe.version import API_VERSION
from storage.events import APPLY_WITHIN, latest_events
from storage.figures import line_of_events, newest_bodies, reasons_of_ignored
from storage.records.orders import EventState
from storage.tallies import refused_since

#: The newest events whose version of the API is looked at.
_BODIES = 20
_DAY = timedelta(days=1)
_RECORDED: tuple[EventState, ...] = ("new", "applied", "ignored", "failed")


class DoorView(TypedDict):
    """Stripe's events of the last day. Times are in seconds of now."""

    last_event_at: str | None
    last_event_s: float | None
    #: Requests to the webhook, of whomever, that were not signed or no event.
    refused: int
    #: By the reason: events that ask for nothing here, and those of the other mode, which are among them.
    ignored: dict[str, int]
    other_mode: int
    #: Events that should have been applied by now, and those that could not be.
    unapplied: int
    unapplied_s: float
    failed: int
    api_version: str
    #: Other versions, among those of the newest events.
    other_versions: list[str]


async def door_view(deps: Deps) -> DoorView:
    """Return how Stripe's events come in."""
    db, now = deps.db, deps.clock.now()
    newest = [event for state in _RECORDED for event in await latest_events(db, state, 1)]
    line = await line_of_events(db, "new", now - APPLY_WITHIN)
    ignored = await reasons_of_ignored(db, now - _DAY)
    versions = {_version_of(event["raw"]) for event in await newest_bodies(db, "applied", _BODIES)}
    last_at = max((event["received_at"] for event in newest), default=None)
    return {
        "last_event_at": as_text(last_at),
        "last_event_s": seconds_since(last_at, now) if last_at else None,
        "refused": await refused_since(db, now - _DAY),
        "ignored": ignored,
        "other_mode": ignored.get(OTHER_MODE, 0),
        "unapplied": line.number,
        "unapplied_s": seconds_since(line.since, now),
        "failed": (await line_of_events(db, "failed", now)).number,
        "api_version": API_VERSION,
        "other_versions": sorted(versions - {API_VERSION, ""}),
    }


def _version_of(raw: bytes) -> str:
    """Return the version of the API that an event is in. The body of a forgotten customer's event is empty."""
    version = json.loads(raw).get("api_version") if raw else None
    return str(version)[:100] if version else ""
