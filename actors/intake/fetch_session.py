"""Fetches a session from Stripe whose event does not show enough: another version's shape, or no price."""

import json

from actors.deps.worker import WorkDeps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event, object_of
from infra.errors import PressroomError, TransientError
from infra.logs import log
from storage.events import find_event


async def fetch_session(deps: WorkDeps, event_id: str) -> None:
    """Apply an event with its session as Stripe shows it in our version, with its prices.

    If Stripe has no answer, the event's own shape is used, and a paid order does not wait. The fields that are
    read of it are old in every version, typed and checked. Only a session that may be ours by its price alone
    waits: TransientError leaves it to the sweep.
    """
    event = await find_event(deps.db, event_id)
    if event is None or event["state"] == "applied" or not event["raw"]:
        return
    shown = object_of(json.loads(event["raw"])) or {}
    try:
        shown = await deps.stripe.session(shown["id"])
    except (PressroomError, KeyError, TypeError) as error:
        if isinstance(error, TransientError) and event["state"] == "ignored":
            raise
        log.warning("session_not_fetched", event_id=event_id, error=type(error).__name__)
    await finish_events(
        deps, await apply_events(deps, [Event(event_id, event["type"], event["raw"], fetched=shown)])
    )
