"""Explains differences between Stripe and us: a sentence for each, by our own data."""

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from actors.deps.intake import IntakeDeps
from actors.intake.events import OTHER_MODE, Event, NotForUs, SessionFact, read_event, subjects_of
from storage.events import events_about
from storage.installation import started_at
from storage.orders import find_orders
from storage.records import orders as records
from storage.tallies import refused_since

#: How long Stripe tries to deliver an event: https://docs.stripe.com/webhooks#retries
_TRIED_FOR = timedelta(days=3)
#: By the state of an event that came, what became of it; the first that is found is told.
_FATES = {
    "new": "waits in the inbox until the sweep applies it",
    "failed": "could not be applied, and is a dead letter",
    "ignored": "was ignored",
    "applied": "was applied",
}


async def why_missing(deps: IntakeDeps, events: Sequence[Event]) -> list[str]:
    """Return why each event, or the session that it would have told of, is not here, as far as that is known."""
    about = [next(iter(subjects_of(event.body or {})), "") for event in events]
    heard = await _heard_about(deps, about)
    unpaid = {order["_id"] for order in await find_orders(deps.db, about) if order["paid_at"] is None}
    began = await started_at(deps.db)
    whys = []
    for event, subject in zip(events, about, strict=True):
        why = _by_itself(deps, event) or _by_inbox(heard[subject], here=subject in unpaid)
        whys.append(why or await _by_time(deps, event, began))
    return whys


async def _heard_about(deps: IntakeDeps, about: Sequence[str]) -> defaultdict[str, list[records.Event]]:
    heard = defaultdict[str, list[records.Event]](list)
    for event in await events_about(deps.db, about):
        for subject in event["about"]:
            heard[subject].append(event)
    return heard


def _by_itself(deps: IntakeDeps, event: Event) -> str | None:
    try:
        fact = read_event(deps.settings, event, deps.clock.now())
    except msgspec.ValidationError:
        return "It has not the form that it should have: fetched, it will be a dead letter."
    return f"Fetched, it will be ignored: {fact.reason}" if isinstance(fact, NotForUs) else None


def _by_inbox(heard: Sequence[records.Event], *, here: bool) -> str | None:
    end = " Its order is here, unpaid." if here else ""
    for state, fate in _FATES.items():
        for event in (one for one in heard if one["state"] == state):
            reason = f": {event['reason']}" if event.get("reason") else "."
            return (
                f"{event['type']} about it came on {event['received_at']:%Y-%m-%d %H:%M} and {fate}{reason}{end}"
            )
    return end.strip() or None


async def _by_time(deps: IntakeDeps, event: Event, began: datetime | None) -> str:
    now, created = deps.clock.now(), (event.body or {}).get("created")
    made_at = datetime.fromtimestamp(created, UTC) if isinstance(created, int) else now
    if began and made_at < began:
        return "It is older than this installation: another one dealt with it, or nobody."
    refused = await refused_since(deps.db, made_at)
    more = "may still" if now - made_at < _TRIED_FOR else "will not"
    door = f"the webhook has refused {refused} requests since" if refused else "nothing of it reached the webhook"
    return f"No event about it came: {door}. Stripe {more} deliver one by itself."


def why_foreign(deps: IntakeDeps, event: Event) -> str:
    """Return why an event is about the money of another shop."""
    own = deps.settings.installation
    with suppress(msgspec.ValidationError):
        fact = read_event(deps.settings, event, deps.clock.now())
        if isinstance(fact, SessionFact) and own is not None:
            named = fact.session.named("installation")
            return f"It is of the installation {named[:100]}." if named else f"It does not bear the name {own}."
        if isinstance(fact, SessionFact):
            return "It names no product, brand or price of ours."
    return "No order here was paid by that payment."


async def why_unknown(deps: IntakeDeps, orders: Sequence[str]) -> list[str]:
    """Return why Stripe does not know each of those orders, as far as that is known."""
    heard = await _heard_about(deps, orders)
    return [_by_source(deps, heard[order]) for order in orders]


def _by_source(deps: IntakeDeps, heard: Sequence[records.Event]) -> str:
    if not heard:
        return "No event about it is kept, which would say who placed it."
    first = min(heard, key=lambda one: one["received_at"])
    body = json.loads(first["raw"]) if first["raw"] else {}
    if body.get("livemode", deps.settings.stripe_livemode) is not deps.settings.stripe_livemode:
        return f"It was placed while the installation was of the other mode. {OTHER_MODE}"
    came = (
        f"{first['_id']}, which came on {first['received_at']:%Y-%m-%d %H:%M}, was signed with our webhook secret"
    )
    return f"{came}: its account is another than the key's, or somebody else has the secret."
