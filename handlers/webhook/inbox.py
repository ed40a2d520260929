"""Inbox of verified events: records, applies and queues those that come at once in one round."""

import asyncio
import json
from datetime import datetime
from typing import Any

from actors.deps.intake import IntakeDeps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event, subjects_of
from infra.group_commit import GroupCommit
from infra.logs import log
from storage.alerts import raise_alert
from storage.events import new_event, record_events
from storage.grouping import by_id
from storage.records import orders as records

#: Events of one round: its writes stay well below the request's deadline.
_MOST = 64
#: How long a round under load waits for the senders that the last one answered: they are back within a few
#: milliseconds, and a round of all costs little more than one of the first.
_LINGER_S = 0.012


class EventInbox:
    """Takes the events that one process receives.

    The way of an event: `take` joins a round (`infra/group_commit.py`), which calls `_take_round` once for all
    events that wait at that moment, and gives each caller of `take` its own result.
    """

    def __init__(self, deps: IntakeDeps) -> None:
        """Begin with no round."""
        self.deps = deps
        self._rounds = GroupCommit(self._take_round, most=_MOST, linger_s=_LINGER_S)
        self._finishing: set[asyncio.Task[None]] = set()

    async def take(self, event: Event) -> asyncio.Task[None] | None:
        """Return once the event, its order and its reports are durable.

        The task that is returned queues them, and may be waited for. It is None under load, where the messages
        follow the answers. TransientError if MongoDB does not answer: then nothing may be acknowledged.
        """
        return await self._rounds.join(event)  # goes on in `_take_round`

    async def _take_round(self, arrivals: list[Event]) -> list[asyncio.Task[None] | None]:
        """Record, apply and begin to queue the events of one round; return one result of `take` for each."""
        now = self.deps.clock.now()
        applied = await apply_events(self.deps, await self._record(arrivals, now))
        ms = round((self.deps.clock.now() - now).total_seconds() * 1000, 1)
        log.info("events_taken", types={one.id: one.kind for one in arrivals}, ms=ms)
        # Not awaited here: a Redis that hangs must not keep the next round waiting.
        finishing = asyncio.create_task(finish_events(self.deps, applied))
        self._finishing.add(finishing)
        finishing.add_done_callback(self._end_finishing)
        return [finishing] if len(arrivals) == 1 else [None] * len(arrivals)

    async def _record(self, arrivals: list[Event], now: datetime) -> list[Event]:
        """Make the events durable, and return those to apply: each as it was recorded first."""
        records = [new_event(one.id, one.kind, one.raw, now, subjects_of(one.body or {})) for one in arrivals]
        present = by_id(await record_events(self.deps.db, records))
        for arrival in arrivals:
            if arrival.id in present:
                await self._compare(present[arrival.id], arrival)
        fresh = [arrival for arrival in arrivals if arrival.id not in present]
        # Those applied before, too: a crash may have kept their messages from being sent, and twice does no harm.
        again = [
            Event(one["_id"], one["type"], one["raw"]) for one in present.values() if one["state"] != "ignored"
        ]
        return fresh + again

    async def close(self) -> None:
        """Return when the work that follows the answers has ended."""
        await asyncio.gather(*self._finishing, return_exceptions=True)

    def _end_finishing(self, finishing: asyncio.Task[None]) -> None:
        self._finishing.discard(finishing)
        if not finishing.cancelled() and (error := finishing.exception()) is not None:
            log.warning("events_left_to_sweep", error=type(error).__name__)

    async def _compare(self, recorded: records.Event, arrival: Event) -> None:
        # The body of a forgotten order's event was removed, so that there is nothing to compare.
        if recorded["raw"] in (arrival.raw, b"") or _meaning(recorded["raw"]) == _meaning(arrival.raw):
            return
        log.error("event_id_with_another_body", event_id=arrival.id)
        text = "Stripe sent an event a second time with another body; the first one counts."
        await raise_alert(self.deps.db, "event_conflict", text, self.deps.clock.now(), event=arrival.id)


def _meaning(body: bytes) -> Any:
    """Return an event's body without its form and without the count of webhooks that have not taken it yet.

    Stripe writes the same event in another form when it lists events.
    """
    event = json.loads(body)
    event.pop("pending_webhooks", None)
    return event
