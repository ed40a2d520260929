"""Sessions and events of an account that several shops share."""

import json
from dataclasses import replace
from typing import Any

import msgspec

from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event, subjects_of
from storage.events import find_event, new_event, record_events
from storage.orders import find_order
from storage.records.orders import Order
from tests.actors.builders import ORDER, event

ANSWERS = {"name": "Ada", "question": "Whither?"}
SOLD = {"product": "life_clarity", **ANSWERS}
OTHERS = {"invoice": "7"}
EVENT = "evt_1"


FOREIGN = ("ignored", "Nothing in it is ours.")
REFUND = {"id": "ch_1", "payment_intent": "pi_1", "amount": 1900, "amount_refunded": 1900, "refunded": True}


def priced(lookup_key: str | None) -> dict[str, Any]:
    """Return line items of that price, as Stripe shows them where it is asked."""
    return {"line_items": {"data": [{"price": {"lookup_key": lookup_key}}]}}


def told(kind: str, shown: dict[str, Any], event_id: str = EVENT) -> bytes:
    """Return an event about an object, as Stripe sends it."""
    return json.dumps(
        {**json.loads(event(ORDER)), "id": event_id, "type": kind, "data": {"object": shown}}
    ).encode()


async def hear(deps: Deps, kind: str, shown: dict[str, Any], event_id: str = EVENT) -> None:
    """Take an event as the webhook does."""
    raw = told(kind, shown, event_id)
    about = subjects_of(json.loads(raw))
    await record_events(deps.db, [new_event(event_id, kind, raw, deps.clock.now(), about)])
    await finish_events(deps, await apply_events(deps, [Event(event_id, kind, raw)]))


async def outcome(deps: Deps, event_id: str = EVENT) -> tuple[str, str | None]:
    """Return the state of an event, and its reason."""
    found = await find_event(deps.db, event_id)
    assert found is not None
    return found["state"], found.get("reason")


async def order_of(deps: Deps) -> Order | None:
    """Return the order of the session, if there is one."""
    return await find_order(deps.db, ORDER)


def marked(deps: Deps, name: str = "north") -> Deps:
    """Return the deps of an installation of that name."""
    return replace(deps, settings=msgspec.structs.replace(deps.settings, installation=name))
