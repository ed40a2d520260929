"""Applies events: many at once, in as few writes as one would need."""

import asyncio
import re
import traceback
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import msgspec

from actors.deps.intake import IntakeDeps
from actors.intake.events import Event, Fact, NeedsRefetch, NotForUs, PaymentFact, SessionFact, read_event
from actors.intake.ownership import FOREIGN, foreign_sessions, may_be_priced_here
from actors.intake.payments import apply_payments
from actors.intake.placing import advance_orders, place_sessions
from actors.messages import Post, fetch_post, send_all
from infra.errors import TransientError
from infra.logs import log
from storage.alerts import raise_alert
from storage.dead_letters import record_dead_event
from storage.events import adopt_events, count_try, delay_events, settle_events
from storage.grouping import grouped, ids_of
from storage.orders import find_orders, orders_of_payments
from storage.payments import find_payments
from storage.records.orders import Order

#: The number of times that an event is tried before an operator is asked.
_MAX_TRIES = 5
#: The time that an actor has to fetch a session before the sweep asks for it again.
_FETCH_WITHIN = timedelta(seconds=60)


class Applied(NamedTuple):
    """Remaining work for `finish_events`, once everything that events ask for is durable."""

    posts: list[Post]
    events: list[str]


async def finish_events(deps: IntakeDeps, applied: Applied) -> None:
    """Send the messages, and mark the events as applied. After a crash the sweep does the rest."""
    sending = send_all(deps, applied.posts)
    marking = settle_events(deps.db, applied.events, "applied") if applied.events else asyncio.sleep(0)
    await asyncio.gather(sending, marking)


async def apply_events(deps: IntakeDeps, events: Sequence[Event]) -> Applied:
    """Do the work that recorded events ask for, and return the work that is left. Safe to repeat.

    TransientError leaves all of them to the sweep, and is the only error. An event that cannot be understood, or
    fails again and again, becomes a dead letter for an operator. It does not keep the others from being applied.
    """
    try:
        return await _apply(deps, events)
    except TransientError:
        raise
    except Exception as error:  # noqa: BLE001  # one event must never keep the others from being applied
        if len(events) == 1:
            await _count_failure(deps, events[0], error)
            return Applied([], [])
    posts: list[Post] = []
    applied: list[str] = []
    for event in events:
        alone = await apply_events(deps, [event])
        posts += alone.posts
        applied += alone.events
    return Applied(posts, applied)


async def _apply(deps: IntakeDeps, events: Sequence[Event]) -> Applied:
    news = await _read(deps, events)
    sessions = {event: one for event, one in news.items() if isinstance(one, SessionFact)}
    payments = {event: one for event, one in news.items() if isinstance(one, PaymentFact)}
    late = [event for event, one in news.items() if isinstance(one, NeedsRefetch)]
    foreign = await foreign_sessions(deps, sessions)
    ours = [one for event, one in sessions.items() if event not in foreign]
    orders = await place_sessions(deps, ours) if ours else []
    orders = await _take_payments(deps, orders, list(payments.values()))
    posts = await advance_orders(deps, orders)
    if late:
        await delay_events(deps.db, late, deps.clock.now() + _FETCH_WITHIN)
    asked = {event.id for event in events if event.fetched is not None}
    unsure = {one for one in foreign - asked if may_be_priced_here(deps, sessions[one].session)}
    posts += map(fetch_post, (*late, *unsure))
    unknown = _of_unknown_payments(payments, orders)
    foreign |= unknown
    meaningless = {event: one.reason for event, one in news.items() if isinstance(one, NotForUs)}
    await _ignore(deps, meaningless, foreign - unsure, unsure)
    if unknown:  # an order may have come meanwhile, before its payment's events were ignored
        await _adopt(deps, await orders_of_payments(deps.db, [payments[event].intent for event in unknown]))
    left = {*meaningless, *foreign, *late}
    return Applied(posts, [event for event in news if event not in left])


def _of_unknown_payments(payments: Mapping[str, PaymentFact], orders: Sequence[Order]) -> set[str]:
    """Return the events about payments of which no order is known. Their facts are kept: its order may follow."""
    known = {order["payment_intent"] for order in orders}
    return {event for event, one in payments.items() if one.intent not in known}


async def _ignore(
    deps: IntakeDeps, meaningless: Mapping[str, str], foreign: Collection[str], unsure: Collection[str]
) -> None:
    """Settle events that are not for us: those with a reason of their own, and those about others' money."""
    for reason, events in grouped(list(meaningless), meaningless.__getitem__).items():
        await settle_events(deps.db, events, "ignored", reason)
    if foreign:
        log.info("foreign_events", count=len(foreign), events=sorted(foreign))
        await settle_events(deps.db, sorted(foreign), "ignored", FOREIGN)
    if unsure:  # until Stripe has told the price
        again_at = deps.clock.now() + _FETCH_WITHIN
        await settle_events(deps.db, sorted(unsure), "ignored", FOREIGN, again_at=again_at)


async def _adopt(deps: IntakeDeps, orders: Sequence[Order]) -> None:
    """Mark the events about payments of these orders as applied that were ignored before the order was known."""
    intents = [order["payment_intent"] for order in orders if order["payment_intent"]]
    if intents:
        await adopt_events(deps.db, intents, FOREIGN)


async def foreign_events(deps: IntakeDeps, events: Sequence[Event]) -> set[str]:
    """Return the ids of the events that are about the money of other shops, by what is known now."""
    news: dict[str, Fact] = {}
    for event in events:
        with suppress(msgspec.ValidationError):  # applying it calls an operator
            news[event.id] = read_event(deps.settings, event, deps.clock.now())
    sessions = {event: one for event, one in news.items() if isinstance(one, SessionFact)}
    payments = {event: one for event, one in news.items() if isinstance(one, PaymentFact)}
    intents = [one.intent for one in payments.values()]
    orders = await orders_of_payments(deps.db, intents) if intents else []
    return await foreign_sessions(deps, sessions) | _of_unknown_payments(payments, orders)


async def _read(deps: IntakeDeps, events: Sequence[Event]) -> dict[str, Fact]:
    news: dict[str, Fact] = {}
    for event in events:
        try:
            news[event.id] = read_event(deps.settings, event, deps.clock.now())
        except msgspec.ValidationError as error:
            await _fail(deps, event.id, error)
    return news


async def _take_payments(deps: IntakeDeps, orders: list[Order], news: Sequence[PaymentFact]) -> list[Order]:
    """Write refunds and disputes, then read the payments of both sides. Either may come first (T2, T2r)."""
    for one in news:
        await one.note(deps.db, one.intent)
    intents = {one.intent for one in news}
    intents.update(order["payment_intent"] for order in orders if order["payment_intent"])
    payments = await find_payments(deps.db, sorted(intents)) if intents else []
    if not payments:
        return orders
    await apply_payments(deps, payments)
    befallen = await orders_of_payments(deps.db, ids_of(payments))
    await _adopt(deps, befallen)
    ids = {order["_id"] for order in (*orders, *befallen)}
    return await find_orders(deps.db, sorted(ids))


async def _count_failure(deps: IntakeDeps, event: Event, error: Exception) -> None:
    log.error("event_failed", event_id=event.id, error=type(error).__name__)
    if await count_try(deps.db, event.id) >= _MAX_TRIES:
        await _fail(deps, event.id, error)


async def _fail(deps: IntakeDeps, event_id: str, error: Exception) -> None:
    # The traceback's frames and types tell where. The error's own text may quote the customer's words.
    reason = _without_values(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("event_not_applied", event_id=event_id, reason=reason)
    await raise_alert(deps.db, "event_failed", reason, deps.clock.now(), event=event_id)
    await record_dead_event(deps.db, event_id, reason, trace, deps.clock.now())
    await settle_events(deps.db, [event_id], "failed", reason)


def _without_values(error: msgspec.ValidationError) -> str:
    """Return what is wrong with an event's body, and where, without the value."""
    return re.sub(r" ([\"']).*\1", "", str(error), flags=re.DOTALL)
