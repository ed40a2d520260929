"""Reconciles with Stripe: events that the webhook never took, and paid sessions that no event told of."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, Protocol

from actors.deps.intake import IntakeDeps
from actors.intake.apply import apply_events, finish_events, foreign_events
from actors.intake.events import EVENTS, PAID, Event, object_of, subjects_of
from actors.intake.explain import why_foreign, why_missing
from infra.errors import PressroomError
from infra.logs import log
from infra.stripe.version import API_VERSION, StripeObject
from storage.events import new_event, record_events, states_of_events
from storage.orders import find_orders
from storage.records import orders as records

_BATCH = 100
#: The charges of a batch that are asked for at once: the sweep has six threads for all that may hang.
_CHARGES_AT_ONCE = 4
#: The time for those of a batch, some ten seconds as a rule. Its orders are placed then, whatever is not known.
_CHARGES_S = 20.0


class Records(Protocol):
    """Records of Stripe: events, sessions and charges."""

    def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[StripeObject]:
        """Yield events that some webhook has not taken."""

    def complete_sessions(self, since: int) -> AsyncIterator[StripeObject]:
        """Yield sessions whose checkout was completed."""

    async def charge(self, intent: str) -> StripeObject:
        """Return the charge that brought in a payment's money."""


class Finding(NamedTuple):
    """Fact that was missing here. `about` is its session, or its payment. `why` is its cause, if that is known."""

    what: str
    id: str
    type: str
    about: str | None
    why: str


def _tell_nobody(_what: str, _looked_at: int) -> None:
    """Show no progress."""


async def reconcile(
    deps: IntakeDeps,
    records: Records,
    since: datetime,
    *,
    dry_run: bool,
    progress: Callable[[str, int], None] = _tell_nobody,
    foreign: list[Finding] | None = None,
) -> list[Finding]:
    """Place the events and paid sessions since then that Stripe has and we lack. Returns them.

    Those about the money of other shops are added to `foreign`, if it is given. Safe at any time, and by several
    callers at once. TransientError if Stripe or MongoDB does not answer: everything placed until then stays
    placed. `progress` is told of every batch that was looked at.
    """
    start = int(since.timestamp())
    found: list[Finding] = []
    looked = 0
    async for events in _batches(records.undelivered_events(sorted(EVENTS), start)):
        missing = [_event(event) for event in await _unknown(deps, events)]
        # All are placed: those of other shops are recorded, too, and are not missing the next time.
        found += await _findings(deps, "event", missing, foreign)
        await _place(deps, missing, dry_run=dry_run)
        progress("undelivered events", looked := looked + len(events))
    looked = 0
    async for sessions in _batches(records.complete_sessions(start)):
        lacking, awaited = await _unplaced(deps, sessions)
        unplaced = [_event(_told(one, one["created"])) for one in lacking]
        found += await _findings(deps, "session", unplaced, foreign)
        ours = [] if dry_run else await _ours(deps, unplaced)
        await _place(deps, await _dated(deps, records, ours, awaited), dry_run=dry_run)
        progress("completed sessions", looked := looked + len(sessions))
    log.info("reconciled", found=len(found), since=since.isoformat(), dry_run=dry_run)
    return found


async def place_session(deps: IntakeDeps, session: StripeObject) -> None:
    """Place a session whose checkout was completed just now, as the event would that tells of it."""
    await _place(deps, [_event(_told(session, int(deps.clock.now().timestamp())))], dry_run=False)


async def _batches(items: AsyncIterator[StripeObject]) -> AsyncIterator[list[StripeObject]]:
    batch: list[StripeObject] = []
    async for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _unknown(deps: IntakeDeps, events: Sequence[StripeObject]) -> list[StripeObject]:
    """Return the events that were never recorded. Recorded ones are left to the sweep or an operator."""
    states = await states_of_events(deps.db, [event["id"] for event in events])
    return [event for event in events if event["id"] not in states]


async def _unplaced(
    deps: IntakeDeps, sessions: Sequence[StripeObject]
) -> tuple[list[StripeObject], Collection[str]]:
    """Return the paid sessions that are not paid here, and the ids of those whose orders wait for a payment."""
    paid = {one["id"]: one for one in sessions if one["mode"] == "payment" and one["payment_status"] in PAID}
    paid_at = {order["_id"]: order["paid_at"] for order in await find_orders(deps.db, list(paid))}
    lacking = [session for session_id, session in paid.items() if paid_at.get(session_id) is None]
    return lacking, {order_id for order_id, at in paid_at.items() if at is None}


async def _dated(
    deps: IntakeDeps, records: Records, told: Sequence[Event], awaited: Collection[str]
) -> list[Event]:
    """Return the events of sessions with the times of their payments: a page may have stood open for a day before.

    That is now for an order that has waited for a payment, and otherwise what its charge says, if it has one that
    Stripe shows in time.
    """
    sessions = [object_of(one.body or {}) for one in told]
    paid_at = await _charged_at(records, [one for one in sessions if one["id"] not in awaited])
    paid_at |= dict.fromkeys(awaited, int(deps.clock.now().timestamp()))
    return [_event(_told(one, paid_at.get(one["id"], one["created"]))) for one in sessions]


async def _charged_at(records: Records, sessions: Sequence[StripeObject]) -> dict[str, int]:
    """Return when sessions were charged, by their ids, as far as Stripe says so in time."""
    charged_at: dict[str, int] = {}
    room = asyncio.Semaphore(_CHARGES_AT_ONCE)

    async def ask(session: StripeObject) -> None:
        async with room:
            with suppress(PressroomError):  # that costs the exact time of one payment, and holds up no order
                charged_at[session["id"]] = (await records.charge(session["payment_intent"]))["created"]

    with suppress(TimeoutError):
        async with asyncio.timeout(_CHARGES_S):
            await asyncio.gather(*(ask(one) for one in sessions if one["payment_intent"]))
    return charged_at


def _told(session: StripeObject, at: int) -> StripeObject:
    """Return the event that should have told then of a session as it is. It is taken like Stripe's own."""
    return {
        "id": f"reconciled_{session['payment_status']}_{session['id']}",
        "object": "event",
        "type": "checkout.session.completed",
        "api_version": API_VERSION,
        "created": at,
        "livemode": session["livemode"],
        "data": {"object": session},
    }


def _event(shown: StripeObject) -> Event:
    return Event(shown["id"], shown["type"], json.dumps(shown).encode(), shown)


async def _ours(deps: IntakeDeps, events: Sequence[Event]) -> list[Event]:
    """Return the events that are not about the money of other shops."""
    foreign = await foreign_events(deps, events)
    return [event for event in events if event.id not in foreign]


async def _place(deps: IntakeDeps, events: Sequence[Event], *, dry_run: bool) -> None:
    if dry_run or not events:
        return
    now = deps.clock.now()
    await record_events(deps.db, [_new_event(event, now) for event in events])
    await finish_events(deps, await apply_events(deps, events))


def _new_event(event: Event, now: datetime) -> records.Event:
    return new_event(event.id, event.kind, event.raw, now, subjects_of(event.body or {}))


async def _findings(
    deps: IntakeDeps, what: str, missing: Sequence[Event], foreign: list[Finding] | None
) -> list[Finding]:
    """Return those that are ours, and add the others to `foreign`, each with its cause."""
    ours = await _ours(deps, missing)
    if foreign is not None:
        foreign += [_finding(what, one, why_foreign(deps, one)) for one in missing if one not in ours]
    whys = await why_missing(deps, ours) if ours else []
    return [_finding(what, event, why) for event, why in zip(ours, whys, strict=True)]


def _finding(what: str, event: Event, why: str) -> Finding:
    shown = object_of(event.body or {})
    about = shown["id"] if event.kind.startswith("checkout.session.") else shown.get("payment_intent")
    return Finding(what, shown["id"] if what == "session" else event.id, event.kind, about, why)
