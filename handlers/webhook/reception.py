"""What is done with verified events before they are acknowledged: recorded, placed, queued, many in one go."""

import asyncio
from typing import NamedTuple

import structlog

from actors.engine.sending import send_all
from actors.intake.apply import apply_events
from actors.intake.deps import IntakeDeps
from actors.intake.news import Event
from handlers.webhook.rounds import Rounds
from storage.alerts import raise_alert
from storage.database import Document
from storage.events import new_event, record_events

log = structlog.get_logger()

#: Events of one round: its writes stay well below the request's deadline.
_MOST = 64


class Arrival(NamedTuple):
    """A verified event as it came."""

    event_id: str
    kind: str
    body: bytes


class Reception:
    """Takes events for one process."""

    def __init__(self, deps: IntakeDeps) -> None:
        """Nothing is connected yet."""
        self.deps = deps
        self._rounds = Rounds(self._take, most=_MOST)

    async def take(self, arrival: Arrival) -> asyncio.Task[bool]:
        """Return once the event and its order are durable; the messages are on their way in the task returned.

        TransientError if MongoDB does not answer: then nothing may be acknowledged.
        """
        return await self._rounds.join(arrival)

    async def _take(self, arrivals: list[Arrival]) -> asyncio.Task[bool]:
        now = self.deps.clock.now()
        fresh = [new_event(one.event_id, one.kind, one.body, now) for one in arrivals]
        present = {event["_id"]: event for event in await record_events(self.deps.db, fresh)}
        known = [present.get(event["_id"], event) for event in fresh]
        for event, arrival in zip(known, arrivals, strict=True):
            await self._compare(event, arrival)
        # Those applied before, too: a crash may have kept their messages from being sent, and twice does no harm.
        events = [Event(one["_id"], one["type"], one["raw"]) for one in known if one["state"] != "ignored"]
        posts = await apply_events(self.deps, events) if events else []
        # Not awaited here: a Redis that hangs must not keep the next round waiting.
        return asyncio.create_task(send_all(self.deps, posts))

    async def _compare(self, event: Document, arrival: Arrival) -> None:
        if event["raw"] == arrival.body:
            return
        log.error("event_id_with_another_body", event_id=arrival.event_id)
        text = "Stripe sent an event a second time with another body; the first one counts."
        await raise_alert(self.deps.db, "event_conflict", text, self.deps.clock.now(), event=arrival.event_id)
