"""Timeline of an order: everything that happened to it, by the records that stay."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from actors.deps.process import Deps
from handlers.views.masking import without_addresses
from storage.alerts import alerts_about, settled_alerts_about
from storage.audit import actions_on
from storage.database import Database
from storage.dead_letters import dead_letters
from storage.deliveries import deliveries_of
from storage.events import events_of
from storage.records.orders import CUSTOMER, Order
from storage.records.work import Step
from storage.reports import reports_of

#: The most dead letters of an order.
_MOST = 500


class Entry(NamedTuple):
    """Entry of a timeline. `kind` is what it is about, or who did it: a part of the order, or a person."""

    at: datetime
    kind: str
    text: str


#: An entry, if it has a time: much may happen to an order, and may not yet have happened.
_Note = tuple[datetime | None, str, str]


async def timeline(deps: Deps, order: Order, steps: Sequence[Step]) -> list[Entry]:
    """Return all that happened to an order with these steps, the oldest first."""
    read = await asyncio.gather(*(_gathered(part(deps.db, order)) for part in _PARTS))
    notes = chain(_of_order(order), _of_steps(steps), *read)
    return sorted(Entry(at, kind, text) for at, kind, text in notes if at is not None)


async def _gathered(notes: AsyncIterator[_Note]) -> list[_Note]:
    return [note async for note in notes]


def _of_order(order: Order) -> Iterator[_Note]:
    yield order["placed_at"], "order", "placed"
    yield order["paid_at"], "order", "paid"
    yield order["ended_at"], "order", "the session ended without a payment"
    yield order.get("filled_at"), "customer", "filled in what was missing"
    yield order["failed_at"], "order", f"cannot be finished without a person: {order['attention']}"
    yield order["stored_at"], "order", "all reports are stored"
    yield order["delivered_at"], "order", "delivered"
    if opens := order.get("opens"):
        yield opens["first_at"], "customer", "opened the order's page for the first time"
        yield opens["last_at"], "customer", f"opened the order's page, {opens['count']} times by then"
    for correction in order.get("corrections", ()):
        yield correction["delivered_at"], "order", "delivered, before a correction"
        if correction["who"] == CUSTOMER:  # an operator's is in the audit trail
            yield correction["at"], "customer", f"corrected {', '.join(correction['after'])}"
    yield order.get("written_from"), "order", "the first section was about to be bought"
    yield order.get("remake_asked_at"), "customer", "asked for the free remake"
    yield order.get("withdrawn_at"), "customer", "withdrew from the contract"
    yield order.get("forgotten_at"), "order", "its customer was forgotten"
    for name, at in order.get("told", {}).items():
        yield at, "order", f"a letter was decided: {name}"
    for at in order["resends"]["times"] if "resends" in order else ():
        yield at, "mail", "the reports' mail was asked for once more"


async def _events(db: Database, order: Order) -> AsyncIterator[_Note]:
    for event in await events_of(db, order):
        state = f"{event['state']}: {event['reason']}" if event.get("reason") else event["state"]
        yield event["received_at"], "stripe", f"{event['type']} ({state})"


async def _reports(db: Database, order: Order) -> AsyncIterator[_Note]:
    for report in await reports_of(db, [order]):
        name = report["product"]
        yield report.get("began_at"), "report", f"{name}: begun"
        yield report.get("stored_at"), "report", f"{name}: stored, run {report['run']}"
        if downloads := report.get("downloads"):
            count = downloads["count"]
            yield downloads["first_at"], "customer", f"{name}: downloaded for the first time"
            yield downloads["last_at"], "customer", f"{name}: downloaded, {count} times by then"


def _of_steps(steps: Sequence[Step]) -> Iterator[_Note]:
    for step in steps:
        name = f"{step['product']}: {step['key']}"
        yield step.get("failed_at"), "step", f"{name} failed, {step['fails']} times by then"
        if step["kills"]:
            ended = f"{name} is {step['state']}; {step['kills']} workers ended with it before"
            yield step.get("done_at"), "step", ended


async def _letters(db: Database, order: Order) -> AsyncIterator[_Note]:
    for letter in await deliveries_of(db, order["_id"]):
        name, accepted = letter["kind"], letter.get("accepted", [])
        for one in accepted:
            yield one["at"], "mail", f"{name}: accepted, {without_addresses(one['answer'])}"
        if not accepted:  # or its customer is forgotten
            yield letter.get("sent_at"), "mail", f"{name}: sent"
        if error := letter.get("error"):
            said = f"{name}: {letter['state']}, asked {letter['tries']} times: {without_addresses(error)}"
            yield letter["until"], "mail", said


async def _deaths(db: Database, order: Order) -> AsyncIterator[_Note]:
    for dead in await dead_letters(db, limit=_MOST, order=order["_id"]):
        yield dead["at"], "dead", f"{dead['kind']}: {dead['reason']}"
        yield dead.get("closed_at"), "dead", f"{dead['kind']}: {dead['state']}"


async def _alerts(db: Database, order: Order) -> AsyncIterator[_Note]:
    settled = await settled_alerts_about(db, [order["_id"]])
    for one in settled:
        yield one["settled_at"], "alert", f"{one['kind']}: settled by {one['who']}: {one['why']}"
    for alert in (*await alerts_about(db, [order["_id"]]), *settled):
        ways = " and ".join(alert["told"]) or "a digest"
        yield alert["at"], "alert", f"{alert['kind']}: {alert['text']}"
        yield alert.get("told_at"), "alert", f"{alert['kind']}: told by {ways}"


async def _actions(db: Database, order: Order) -> AsyncIterator[_Note]:
    for act in await actions_on(db, order["_id"]):
        said = f"{act['who']} {act['action']} {act['subject']}: {act['reason']}"
        yield act["at"], "operator", said


_PARTS = (_events, _reports, _letters, _deaths, _alerts, _actions)
