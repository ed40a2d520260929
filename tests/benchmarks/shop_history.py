"""Whole records of a shop's last three months: nearly all orders are delivered, the newest died in an outage."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from pymongo.database import Database

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from storage.database import Document
from storage.ledger import day_of
from storage.likeness import likeness
from storage.records.plans import Plan
from tests.builders import a_pdf, a_report, a_step, an_order
from tests.storage.plans.shop import Nth

PRODUCT, MODEL = "life_clarity", "gpt-5-mini"
_SPAN = timedelta(days=90)
#: As much as one command carries.
_BATCH = 10_000
#: The first of the product's plan: two sections, their chapters and the book.
_KEPT = ("write-where_you_stand", "write-what_pulls_you", "render-where_you_stand", "render-what_pulls_you")
_NAMES = ("Ada Byron", "Grace Hopper", "Mary Somerville", "Émilie du Châtelet", "Sofja Kowalewskaja")
#: Each has its own cause, so that there are many groups beside the large one.
_RARE = 50
_TRACEBACK = 'Traceback (most recent call last):\n  File "write_section.py", line 1, in ask\n' * 20


def history(orders: int, broken: int) -> Iterator[Nth]:
    """Return so many orders, the oldest first. The newest of them are broken."""
    now = datetime.now(UTC)
    for number in range(orders):
        state = "broken" if number >= orders - broken else "stored"
        yield Nth(number, state, now - _SPAN * ((orders - number) / orders), PRODUCT)


def seed(db: Database[Document], orders: int, broken: int) -> None:
    """Write the history of so many orders."""
    db.plans.insert_one({**_PLAN})
    for collection, make in _MAKERS.items():
        records = (record for nth in history(orders, broken) for record in make(nth))
        while batch := list(islice(records, _BATCH)):
            db[collection].insert_many(batch, ordered=False)


def _plan() -> Plan:
    plan = plan_of(PRODUCTS[PRODUCT])
    steps = {key: plan["steps"][key] for key in (*_KEPT, "assemble")}
    steps["assemble"]["needs"] = [*_KEPT[2:]]
    return {**plan, "_id": f"{PRODUCT}-1", "steps": steps}


_PLAN = _plan()


def _order(nth: Nth) -> Iterator[Document]:
    died: Document = {"attention": "A section could not be written.", "failed_at": nth.at}
    ended: Document = {"stored": [PRODUCT], "stored_at": nth.at, "letter": "completion", "delivered_at": nth.at}
    facts: Document = {
        "answers": {"name": _NAMES[nth.number % len(_NAMES)], "question": "Shall I go?"},
        "email": f"customer-{nth.number}@customer.example",
        "payment_intent": f"pi_{nth.number}",
        "amount_subtotal": 1900,
        "currency": "usd",
        "placed_at": nth.at,
        "paid_at": nth.at,
    }
    yield {**an_order(nth.id, **facts, **(died if nth.state == "broken" else ended))}


def _report(nth: Nth) -> Iterator[Document]:
    begun: Document = {"plan": _PLAN["_id"], "planned": True, "began_at": nth.at, "queued_at": nth.at}
    ended: Document = {"state": "stored", "stored_at": nth.at, "pdf": a_pdf()}
    report = a_report(nth.id, PRODUCT, **begun, **({"state": "running"} if nth.state == "broken" else ended))
    del report["check_at"]
    yield {**report}


def _steps(nth: Nth) -> Iterator[Document]:
    for seq, (key, planned) in enumerate(_PLAN["steps"].items()):
        state = "done" if nth.state != "broken" or seq == 0 else _STATES[key]
        facts: Document = {"done_at": nth.at, "advanced": True} if state != "waiting" else {}
        if state == "done":
            facts["result"] = {"text": "Words. " * 20, "summary": "Words.", "cost_usd": 0.01}
        elif state == "dead":
            facts |= {"reason": _reason(nth), "error": "400 no", "traceback": _TRACEBACK}
        needs = [f"{nth.report}:{need}" for need in planned["needs"]]
        step = a_step(key, nth.report, plan=_PLAN["_id"], seq=seq, needs=needs, state=state, epoch=1, attempts=1)
        del step["due_at"]
        yield {**step, **facts}


#: Of a broken order, the steps after the first.
_STATES = dict.fromkeys(_PLAN["steps"], "waiting") | {_KEPT[1]: "dead"}


def _reason(nth: Nth) -> str:
    """Return why a step is dead: of nine in ten for the same reason."""
    return f"The provider refused: {'abcdefghij' * (nth.number % _RARE)}" if nth.number % 10 == 0 else "No credit."


def _events(nth: Nth) -> Iterator[Document]:
    for kind in ("checkout.session.completed", "charge.succeeded", "payment_intent.created", "charge.updated"):
        yield {
            "_id": f"evt_{nth.number}_{kind}",
            "type": kind,
            "raw": b"{}".ljust(500),
            "about": [nth.id, f"pi_{nth.number}"],
            "state": "applied" if kind.startswith("checkout") else "ignored",
            "reason": None if kind.startswith("checkout") else "It says nothing new.",
            "tries": 1,
            "received_at": nth.at,
        }


def _ledger(nth: Nth) -> Iterator[Document]:
    for key in _KEPT[:2]:
        yield {
            "_id": f"{nth.report}:{key}:1",
            "step": f"{nth.report}:{key}",
            "order": nth.id,
            "report": nth.report,
            "product": PRODUCT,
            "section": key.partition("-")[2],
            "tenant": "main",
            "run": 1,
            "state": "settled",
            "opened_at": nth.at,
            "settled_at": nth.at,
            "day": day_of(nth.at),
            "usage": {"input": 1000, "cached": 0, "output": 1000, "estimated": False},
            "cost_usd": 0.01,
            "cache_write_usd": 0.0,
            "outcome": "written",
            "model": MODEL,
            "latency_s": 20.0,
        }


def _deliveries(nth: Nth) -> Iterator[Document]:
    for kind in ("confirmation",) if nth.state == "broken" else ("confirmation", "completion"):
        refused = nth.number % 100 == 0
        facts: Document = {"accepted": [{"at": nth.at, "answer": "250 ok"}], "sent_at": nth.at}
        yield {
            "_id": f"{nth.id}:{kind}",
            "order": nth.id,
            "kind": kind,
            "message_id": f"<{nth.id}.{kind}@shop.example>",
            "state": "refused" if refused else "sent",
            "epoch": 1,
            "until": nth.at,
            "tries": 1,
            **({"error": "550 no such mailbox"} if refused else facts),
        }


def _dead_letters(nth: Nth) -> Iterator[Document]:
    if nth.state != "broken" and nth.number % 50:
        return
    step = f"{nth.report}:{_KEPT[1]}"
    closed: Document = {"state": "replayed", "closed_at": nth.at}
    yield {
        "_id": f"{step}:1",
        "kind": "step",
        "order": nth.id,
        "product": PRODUCT,
        "step": step,
        "epoch": 1,
        "attempts": 1,
        "fails": True,
        "reason": _reason(nth),
        "error": "400 no",
        "traceback": _TRACEBACK,
        "at": nth.at,
        **likeness("step", _reason(nth), step, product=PRODUCT, model=MODEL, version=_PLAN["_id"]),
        **({"state": "open"} if nth.state == "broken" else closed),
    }


def _alert(nth: Nth) -> Document:
    return {
        "_id": f"alert-{nth.number}",
        "kind": "order_failed",
        "order": nth.id,
        "event": None,
        "text": _reason(nth),
        "at": nth.at,
        "seen": ["x"],
        "heard": ["x"],
        "state": "told",
        "told": ["mail"],
        "told_at": nth.at,
    }


def _alerts(nth: Nth) -> Iterator[Document]:
    if nth.state == "broken":
        yield {**_alert(nth), "due_at": nth.at}


def _audit(nth: Nth) -> Iterator[Document]:
    if nth.number % 50 == 0:
        yield {
            "who": "Olga",
            "reason": "The provider is back",
            "action": "replayed",
            "order": nth.id,
            "subject": nth.report,
            "at": nth.at,
        }


_MAKERS: Mapping[str, Callable[[Nth], Iterator[Document]]] = {
    "orders": _order,
    "reports": _report,
    "steps": _steps,
    "events": _events,
    "ledger": _ledger,
    "deliveries": _deliveries,
    "dead_letters": _dead_letters,
    "alerts": _alerts,
    "audit": _audit,
}
