"""An order of the history with its report and steps, in one of the states that may last."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from storage.database import Document
from storage.records.orders import Order
from storage.records.work import Step
from storage.reports import begin_message, new_report
from tests.builders import NOW, a_step

PRODUCT, TENANT = "book", "brand"
FORMAT = 1
#: The steps of a report: three sections, a chapter and the book.
KINDS = ("write", "write", "write", "render", "assemble")
#: What the newest orders are in, a few in each.
LIVE = ("waiting", "queued", "parked", "running", "crowded", "broken", "unpaid")
_REPORT_STATES = {"stored": "stored", "waiting": "waiting", "queued": "queued", "parked": "queued"}
_STEP_STATES = {
    "stored": ("done",) * 5,
    "running": ("done", "claimed", "queued", "waiting", "waiting"),
    "crowded": ("ready", "claimed", "ready", "waiting", "waiting"),
    "broken": ("done", "done", "dead", "waiting", "waiting"),
}


class Nth(NamedTuple):
    """One order: its number, its state and when it was placed."""

    number: int
    state: str
    at: datetime
    product: str = PRODUCT

    @property
    def id(self) -> str:
        """The order's id; scattered, as Stripe's are."""
        return f"cs_{self.number * 7919 % 1_000_003:07}"

    @property
    def report(self) -> str:
        """The id of its report."""
        return f"{self.id}:{self.product}"


def order(nth: Nth) -> Iterator[Document]:
    """Return the document of an order, as it stands."""
    over, due = nth.state == "stored", NOW + timedelta(seconds=nth.number % 600 - 60)
    errands: Document = {} if over else {"errands_at": due}
    yield {
        "_id": nth.id,
        "token": f"token-{nth.number}",
        "reference": f"form-{nth.number}",
        "tenant": TENANT,
        "product": PRODUCT,
        "products": [PRODUCT],
        "run": {PRODUCT: 1},
        "answers": {"name": "Ada"},
        "missing": [],
        "objection": None,
        "email": "ada@customer.example",
        "payment_intent": f"pi_{nth.number}",
        "paid_at": None if nth.state == "unpaid" else nth.at,
        "ended_at": None,
        "placed_at": nth.at,
        "stored": [PRODUCT] if over else [],
        "stored_at": nth.at if over else None,
        "letter": "completion" if over else None,
        "delivered_at": nth.at if over else None,
        "attention": "A step is dead." if nth.state == "broken" else None,
        "failed_at": nth.at if nth.state == "broken" else None,
        "errands": {} if over else {"check_promise": due},
        **errands,
        "stopped": nth.state == "parked",
        "on_hold": False,
        "refund_failed": False,
        "payment_version": 0,
    }


def report(nth: Nth) -> Iterator[Document]:
    """Return an order's report: begun unless it waits for something."""
    if nth.state == "unpaid":
        return
    opened = new_report(
        cast("Order", next(order(nth))), PRODUCT, begin_message(nth.report), nth.at, waits=nth.state == "waiting"
    )
    facts: Document = {"state": _REPORT_STATES.get(nth.state, "running")}
    if nth.state == "queued":
        facts["check_at"] = NOW + timedelta(seconds=nth.number % 40 - 20)
    elif nth.state != "waiting":
        del opened["check_at"]
    if facts["state"] in {"stored", "running"}:
        facts |= {"plan": f"{PRODUCT}-1", "planned": True, "began_at": nth.at}
    if nth.state == "stored":
        facts |= {"stored_at": nth.at, "pdf": {"key": "k", "pages": 3}}
    held = [f"{nth.report}:{seq}@1" for seq in ((1, 2) if nth.state in {"running", "crowded"} else ())]
    yield {**opened, **facts, "slots": {"write": held, "render": []}}


def steps(nth: Nth) -> Iterator[Step]:
    """Return the steps of a report that was begun."""
    if nth.state in {"waiting", "queued", "parked", "unpaid"}:
        return
    for seq, kind in enumerate(KINDS):
        state = _STEP_STATES[nth.state][seq]
        step = a_step(
            str(seq),
            nth.report,
            tenant=TENANT,
            kind=kind,
            slot="write" if kind == "write" else "render",
            section=str(seq),
            seq=seq,
            needs=[f"{nth.report}:{need}" for need in range(seq)] if kind != "write" else [],
            format=FORMAT,
            state=state,
            due_at=NOW + timedelta(seconds=nth.number % 40 - 30),
            epoch=1,
            attempts=1,
            message=f"m{nth.number}",
            queued_at=nth.at,
        )
        if state == "claimed":
            step["claim"] = {"worker": f"w{nth.number % 5}", "token": "t"}
        if state == "done":
            del step["due_at"]
            step["result"] = {"text": "Words. " * 20}
        if state == "dead":
            step |= {"error": "No.", "traceback": "", "done_at": nth.at}
        if state in {"done", "dead"}:
            step["advanced"] = True
        yield step
