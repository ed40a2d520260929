"""Records for the tests on storage, as they are inserted and as they stand."""

from datetime import timedelta
from typing import Any

from storage.claims import claim_step
from storage.database import Database
from storage.queueing import queue_batches
from storage.records.orders import Form, Order
from storage.records.work import Settlement, Step
from storage.steps import insert_steps
from tests.builders import NOW, a_step, an_order
from tests.conftest import StoppedClock
from tests.storage.picking import pick

#: The ends of calls: with an answer, with one of unknown price, and without one.
ANSWERED: Settlement = {
    "outcome": "written",
    "model": "gpt-5-mini",
    "usage": {"input": 1000, "cached": 400, "output": 300, "estimated": False},
    "cost_usd": 0.0125,
}
UNPRICED: Settlement = {**ANSWERED, "model": "llama-9", "cost_usd": None}
TIMED_OUT: Settlement = {"outcome": "timeout", "cost_usd": None}
SILENT: Settlement = {"outcome": "failed", "cost_usd": None, "silent": True}


def a_form(reference: str) -> Form:
    """Return a form that was filled in under that reference."""
    return {"_id": reference, "product": "book", "answers": {}, "at": NOW}


def order_of_two(clock: StoppedClock, **facts: Any) -> Order:
    """Return a paid order of two reports, a and b, as it is placed."""
    usual = {"products": ["a", "b"], "run": {"a": 1, "b": 1}, "paid_at": clock.now(), "placed_at": clock.now()}
    return an_order(**{**usual, **facts})


async def the_order(db: Database) -> Order:
    """Return the order, which must be there."""
    return await pick(db.orders, _id="cs_1")


def section(order: str = "cs_1", name: str = "one", **facts: Any) -> Step:
    """Return the step that writes a section of an order's book."""
    return a_step(f"write-{name}", f"{order}:book", **facts)


def step(step_id: str, clock: StoppedClock, **facts: Any) -> Step:
    """Return a step of that id, as a plan inserts it."""
    return a_step(f"write-{step_id}", "cs_1:book", **{"_id": step_id, "format": 1, "due_at": clock.now(), **facts})


async def present(db: Database, step_id: str = "a") -> Step:
    """Return a step that must be there."""
    return await pick(db.steps, _id=step_id)


async def queued(db: Database, clock: StoppedClock) -> Step:
    """Return a step that was queued."""
    (one,) = await many_queued(db, clock, "a")
    return one


async def many_queued(db: Database, clock: StoppedClock, ids: str) -> list[Step]:
    """Return steps that were queued."""
    await insert_steps(db, [step(one, clock) for one in ids])
    await queue_batches(db, [[await present(db, one)] for one in ids], clock.now())
    return [await present(db, one) for one in ids]


async def claimed(db: Database, clock: StoppedClock) -> Step:
    """Return a step that worker w1 holds for a minute."""
    await queued(db, clock)
    mine = await claim_step(db, "a", "w1", [1], clock.now() + timedelta(seconds=60))
    assert mine is not None
    return mine


def holder(held: Step) -> str:
    """Return the worker that holds a step."""
    assert held["claim"] is not None, held["_id"]
    return held["claim"]["worker"]
