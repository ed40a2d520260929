"""A history as a shop has it: nearly all of it is over, and a few orders are in each state that may last."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple

from storage.database import Database, Document
from tests.builders import NOW
from tests.storage.plans.shop import LIVE, PRODUCT, Nth, order, report, steps

#: How long ago the first order was placed: Stripe's events and our reports are kept for as long.
_SPAN = timedelta(days=90)
#: As much as one command carries.
_BATCH = 10_000


class Sizes(NamedTuple):
    """How much of it there is: orders, those of them that are not over, and the bytes of each event's body."""

    orders: int
    live: int
    event_bytes: int


def orders(sizes: Sizes) -> Iterator[Nth]:
    """Return all orders, the oldest first."""
    over = sizes.orders - sizes.live
    for number in range(sizes.orders):
        state = "stored" if number < over else LIVE[number % len(LIVE)]
        yield Nth(number, state, NOW - _SPAN * ((sizes.orders - number) / sizes.orders))


async def seed(db: Database, sizes: Sizes) -> None:
    """Write the history, in as few commands as can be."""
    for collection, make in _MAKERS.items():
        documents = (document for nth in orders(sizes) for document in make(nth))
        await _insert(db, collection, documents)
    body = b"{}".ljust(sizes.event_bytes)
    await _insert(db, "events", ({**event, "raw": body} for nth in orders(sizes) for event in events(nth)))
    tenants = [{"_id": f"tenant-{nth}", "reports": [f"cs_{nth}:{PRODUCT}"]} for nth in range(5)]
    await _insert(db, "tenants", tenants)
    await _insert(db, "workers", [{"_id": f"w{nth}", "beat": nth, "queue": PRODUCT} for nth in range(5)])
    await _insert(db, "plans", [{"_id": f"{PRODUCT}-{nth}", "steps": {}} for nth in range(20)])


async def _insert(db: Database, name: str, documents: Iterable[Mapping[str, Any]]) -> None:
    """Insert documents into a collection, which takes any here: they hold no more than is asked about."""
    collection, left = db.client.get_default_database()[name], iter(documents)
    while batch := list(islice(left, _BATCH)):
        await collection.insert_many(batch, ordered=False)


def events(nth: Nth) -> Iterator[Document]:
    """Return what Stripe told of an order; the newest of it is not seen to yet."""
    for which, kind in enumerate(("completed", "charge", "intent", "dispute")):
        new = which == 3 and nth.number % len(LIVE) == 0 and nth.state != "stored"
        state = "new" if new else ("applied", "applied", "ignored", "ignored")[which]
        yield {
            "_id": f"evt_{nth.number}_{which}",
            "type": kind,
            "about": [nth.id, f"pi_{nth.number}"],
            "state": state,
            "tries": 1,
            "received_at": nth.at,
        }


def ledger(nth: Nth) -> Iterator[Document]:
    """Return the calls that were paid for a report's sections."""
    for step in steps(nth):
        if step["kind"] == "write" and step["state"] in {"done", "claimed"}:
            yield {
                "_id": f"{step['_id']}:1",
                "order": step["order"],
                "report": step["report"],
                "product": step["product"],
                "section": step["section"],
                "tenant": step["tenant"],
                "step": step["_id"],
                "state": "settled" if step["state"] == "done" else "open",
                "opened_at": nth.at,
                "day": nth.at.strftime("%Y-%m-%d"),
                "run": step["run"],
                "usage": {"input": 1000, "cached": 0, "output": 1000},
                "cost_usd": 0.01,
                "outcome": "written",
                "model": "gpt-5-mini",
            }


def deliveries(nth: Nth) -> Iterator[Document]:
    """Return the letters of an order."""
    for letter in ("confirmation", "completion") if nth.state == "stored" else ("confirmation",):
        sent: dict[str, Any] = {"state": "sent", "epoch": 2, "until": nth.at, "tries": 1}
        yield {"_id": f"{nth.id}:{letter}", "order": nth.id, "kind": letter, "message_id": "<m>", **sent}


def dead_letters(nth: Nth) -> Iterator[Document]:
    """Return what could not be done: of one in fifty orders, and of those that are broken."""
    if nth.state == "broken" or nth.number % 50 == 0:
        state = "open" if nth.state == "broken" else "replayed"
        yield from _troubles(nth, {"state": state, "error": "No.", "fails": True, "kind": "step", "group": "g"})


def alerts(nth: Nth) -> Iterator[Document]:
    """Return what an operator heard of, or is to hear."""
    if nth.state == "broken" or nth.number % 50 == 0:
        new: Document = {"state": "new", "due_at": NOW - timedelta(seconds=nth.number % 9)}
        told = {"state": "told", "due_at": nth.at, "admitted_at": nth.at}
        facts = new if nth.state == "broken" else told
        yield from _troubles(nth, {"kind": "k", "text": "It broke.", "seen": ["x"], "told": [], **facts})


def _troubles(nth: Nth, facts: Document) -> Iterator[Document]:
    yield {"_id": f"trouble-{nth.number}", "order": nth.id, "event": None, "at": nth.at, **facts}


def payments(nth: Nth) -> Iterator[Document]:
    """Return what became of a payment: one in twenty is refunded."""
    if nth.number % 20 == 0:
        yield {"_id": f"pi_{nth.number}", "version": 1, "charged": 1900, "refunded": {"1700000000": 1900}}


def answers(nth: Nth) -> Iterator[Document]:
    """Return the form that was filled in."""
    yield {"_id": f"form-{nth.number}", "product": PRODUCT, "answers": {"name": "Ada"}, "at": nth.at}


def audit(nth: Nth) -> Iterator[Document]:
    """Return what operators did."""
    if nth.number % 50 == 0:
        yield {"action": "retried", "order": nth.id, "subject": "s", "at": nth.at, "who": "Olga", "reason": "r"}


_MAKERS: dict[str, Callable[[Nth], Iterator[Mapping[str, Any]]]] = {
    "orders": order,
    "reports": report,
    "steps": steps,
    "ledger": ledger,
    "deliveries": deliveries,
    "dead_letters": dead_letters,
    "alerts": alerts,
    "payments": payments,
    "answers": answers,
    "audit": audit,
}
