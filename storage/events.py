"""Events: the raw inbox of every event that was signed by Stripe, as it came."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import BY_ID, Database, Document, exists, insert_new
from storage.records.orders import Event, EventState, Order

#: How long the process that recorded an event may take to apply it before the sweep does.
APPLY_WITHIN = timedelta(seconds=5)


def new_event(event_id: str, kind: str, raw: bytes, now: datetime, about: Sequence[str] = ()) -> Event:
    """Return an event as it is recorded. It is forgotten by `about`, the ids of session and payment."""
    return {
        "_id": event_id,
        "type": kind,
        "raw": raw,
        "about": list(about),
        "state": "new",
        "tries": 0,
        "received_at": now,
    }


async def record_events(db: Database, events: Sequence[Event]) -> list[Event]:
    """Insert events. Returns the events of ids that are there already, which keep their first body (T1)."""
    taken = await insert_new(db.events, events)
    return await db.events.find({"_id": {"$in": taken}}).to_list() if taken else []


async def settle_events(
    db: Database,
    event_ids: Sequence[str],
    outcome: EventState,
    reason: str | None = None,
    *,
    again_at: datetime | None = None,
) -> None:
    """Record the outcome of events. Applied events stay applied.

    With `again_at` the outcome is one for the time being, and the sweep looks again then.
    """
    update: Document = {"$set": {"state": outcome, "reason": reason}, "$inc": {"tries": 1}}
    if again_at is None:
        update["$unset"] = {"due_at": ""}
    else:
        update["$set"]["due_at"] = again_at
    unapplied = {"_id": {"$in": list(event_ids)}, "state": {"$ne": "applied"}}
    await db.events.update_many(unapplied, update, hint=BY_ID)


async def adopt_events(db: Database, about: Sequence[str], reason: str) -> None:
    """Mark as applied what is about those ids and was ignored for that reason. It turned out otherwise."""
    ignored = {"about": {"$in": list(about)}, "state": "ignored", "reason": reason}
    await db.events.update_many(ignored, {"$set": {"state": "applied", "reason": None}})


async def delay_events(db: Database, event_ids: Sequence[str], until: datetime) -> None:
    """Leave new events to the process that applies them. The sweep looks again at `until`."""
    still = {"_id": {"$in": list(event_ids)}, "state": "new"}
    await db.events.update_many(still, {"$set": {"due_at": until}}, hint=BY_ID)


async def renew_event(db: Database, event_id: str, now: datetime) -> None:
    """Let the sweep apply a failed event once more, as if it had just come."""
    fresh = {"state": "new", "tries": 0, "due_at": now + APPLY_WITHIN}
    await db.events.update_one({"_id": event_id, "state": "failed"}, {"$set": fresh})


async def count_try(db: Database, event_id: str) -> int:
    """Count a failed try to apply the event. Returns the number of tries."""
    await db.events.update_one({"_id": event_id, "state": "new"}, {"$inc": {"tries": 1}})
    event = await db.events.find_one({"_id": event_id}, {"tries": 1})
    return event["tries"] if event else 0


async def find_event(db: Database, event_id: str) -> Event | None:
    """Return the event, or None."""
    return await db.events.find_one({"_id": event_id})


async def states_of_events(db: Database, event_ids: Sequence[str]) -> dict[str, EventState]:
    """Return the states of those events that were recorded, by id."""
    found = db.events.find({"_id": {"$in": list(event_ids)}}, {"state": 1})
    return {event["_id"]: event["state"] async for event in found}


async def events_about(db: Database, about: Sequence[str]) -> list[Event]:
    """Return the events about those sessions or payments."""
    return await db.events.find({"about": {"$in": list(about)}}).to_list()


async def events_of(db: Database, order: Order) -> list[Event]:
    """Return the events about an order's session and its payment, without their bodies."""
    about = [one for one in (order["_id"], order["payment_intent"]) if one]
    return await db.events.find({"about": {"$in": about}}, {"raw": 0}).to_list()


async def has_event(db: Database, about: str) -> bool:
    """Return whether an event is about that session or payment."""
    return await exists(db.events, {"about": about})


async def drop_event(db: Database, event_id: str) -> bool:
    """Remove an event. False if there is none of that id."""
    return (await db.events.delete_one({"_id": event_id})).deleted_count == 1


async def latest_events(db: Database, state: EventState, limit: int) -> list[Event]:
    """Return the newest events in a state, without their bodies."""
    found = db.events.find({"state": state}, {"raw": 0}).sort("received_at", -1)
    return await found.limit(limit).to_list()


async def unapplied_events(db: Database, now: datetime, limit: int) -> list[Event]:
    """Return events that should have been applied by now, and those ignored for the time being until now.

    At most `limit` of each, the oldest first.
    """
    query = {"state": "new", "received_at": {"$lte": now - APPLY_WITHIN}, "due_at": {"$not": {"$gt": now}}}
    left = await db.events.find(query).sort("received_at").limit(limit).to_list()
    # Of old, those of forgotten customers have no reason, and may have such a time.
    unsure = {"state": "ignored", "reason": {"$ne": None}, "due_at": {"$lte": now}}
    return left + await db.events.find(unsure).sort("due_at").limit(limit).to_list()


async def drop_events(db: Database, before: datetime, limit: int) -> None:
    """Remove the oldest applied and ignored events that came before then, at most `limit` of each."""
    for state in ("applied", "ignored"):
        old = db.events.find({"state": state, "received_at": {"$lt": before}}, {"_id": 1}).sort("received_at")
        ids = [event["_id"] for event in await old.limit(limit).to_list()]
        await db.events.delete_many({"_id": {"$in": ids}})
