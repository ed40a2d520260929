"""Steps of every plan: the transitions that insert, ready and replay them, and the queries for them.

Their messages are in `storage.queueing`, and the transitions of their holders in `storage.claims`.

A step goes waiting → ready → queued → claimed → done or dead. Its `epoch` grows with every claim and fence. A
worker with an older epoch has lost the step. Its result is dropped once another worker has claimed the step.

`due_at` is when the sweep sees to a step, in any state. From then on a ready step may be queued. By then a
queued step's message should have been taken. A claimed step's claim lapses then. A done or dead step should have
been advanced by then. Steps that need no attention have no `due_at`, so that one small range of one index holds
all steps that may be overdue.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

from infra.errors import TransientError
from storage.database import BY_ID, Database, Document, aggregated, exists, insert_new, update_all, updated
from storage.grouping import grouped, ids_of
from storage.indexes import STEPS_BY_REPORT
from storage.records.orders import Order
from storage.records.plans import Slot
from storage.records.work import Step, StepResult, StepState
from storage.reports import report_ids


class NeedsAreGone(TransientError):
    """A step was claimed while a replay that has begun was about to take it back."""


_OF_THE_PLAN: tuple[Literal["plan", "format", "seq", "needs"], ...] = ("plan", "format", "seq", "needs")
_OF_THE_OLD_RUN = ("failing_since", "failed_at", "reason", "error", "traceback", "advanced", "done_at", "result")


def overdue(state: StepState, by: datetime) -> Document:
    """Return the query for steps in that state that were due by then. Steps without `due_at` are left out."""
    return {"state": state, "due_at": {"$lte": by}}


async def insert_steps(db: Database, steps: Sequence[Step]) -> None:
    """Insert the steps of a plan. Steps that are there already stay as they are (T5)."""
    await insert_new(db.steps, steps)


async def find_step(db: Database, step_id: str) -> Step | None:
    """Return the step, or None."""
    return await db.steps.find_one({"_id": step_id})


async def steps_of(db: Database, report: str) -> list[Step]:
    """Return all steps of a report in plan order."""
    # Sorted here: the index has them by state, and MongoDB would hold them all in memory to sort them.
    steps = await db.steps.find({"report": report}).to_list()
    return sorted(steps, key=lambda step: step["seq"])


async def outlines_of(db: Database, reports: Sequence[str]) -> list[Step]:
    """Return all steps of some reports, without texts and needs."""
    without = dict.fromkeys(("needs", "traceback", "result.text", "result.summary", "result.value"), 0)
    return await db.steps.find({"report": {"$in": list(reports)}}, without).to_list()


async def steps_at_a_glance(db: Database, order: Order) -> list[Step]:
    """Return the steps of an order in plan order, with their states and troubles, and without their texts."""
    fields = ("product", "kind", "key", "seq", "state", "fails", "failed_at", "kills", "done_at")
    found = db.steps.find({"report": {"$in": report_ids(order)}}, dict.fromkeys(fields, 1))
    return sorted(await found.to_list(), key=lambda step: step["seq"])


async def results_of(db: Database, step_ids: Sequence[str]) -> dict[str, StepResult]:
    """Return the results of those steps, by step id. Steps that are not done are left out."""
    found = db.steps.find({"_id": {"$in": list(step_ids)}, "state": "done"}, {"result": 1}, hint=BY_ID)
    return {step["_id"]: step["result"] for step in await found.to_list() if step["result"] is not None}


async def results_for(db: Database, step: Step) -> dict[str, StepResult]:
    """Return the results that a step needs, by step id. NeedsAreGone if a replay has taken one back."""
    results = await results_of(db, step["needs"]) if step["needs"] else {}
    if len(results) < len(step["needs"]):
        raise NeedsAreGone("Something that the step needs is being made again.", retry_after=5.0)
    return results


async def waiting_steps(db: Database, step_ids: Sequence[str]) -> list[Step]:
    """Return the waiting ones of those steps, without their results. The caller reads them before their needs."""
    waiting = {"_id": {"$in": list(step_ids)}, "state": "waiting"}
    return await db.steps.find(waiting, {"result": 0}, hint=BY_ID).to_list()


async def done_among(db: Database, step_ids: Iterable[str]) -> set[str]:
    """Return the ids of the done ones of those steps."""
    found = db.steps.find({"_id": {"$in": list(step_ids)}, "state": "done"}, {"_id": 1}, hint=BY_ID)
    return {step["_id"] for step in await found.to_list()}


async def ready_steps(db: Database, seen: Sequence[Step], now: datetime) -> int:
    """Make waiting steps ready whose needs are all done. Returns the number of steps made ready (T6).

    The caller must have read the needs after it saw the steps waiting.
    """
    alike: dict[tuple[int, int], list[str]] = defaultdict(list)
    for step in seen:
        alike[step["epoch"], step["run"]].append(step["_id"])
    readied = 0
    for (epoch, run), ids in alike.items():
        still = {"_id": {"$in": ids}, "state": "waiting", "epoch": epoch, "run": run}
        readied += await update_all(db.fleeting_steps, still, {"$set": {"state": "ready", "due_at": now}})
    return readied


async def ready_after(db: Database, step_ids: Sequence[str], run: int, now: datetime) -> bool:
    """Make steps ready that need only one step, done in that run. True if all of them waited for it (T6).

    Nothing is read first: a replay that resets the need gives the steps that follow it another run, too.
    """
    still = {"_id": {"$in": list(step_ids)}, "state": "waiting", "run": run}
    ready = {"$set": {"state": "ready", "due_at": now}}
    return await update_all(db.fleeting_steps, still, ready) == len(step_ids)


async def first_ready(db: Database, report: str, slot: Slot, limit: int) -> list[Step]:
    """Return the first ready steps of a slot set in plan order, due or not, without their results."""
    ready = {"report": report, "slot": slot, "state": "ready"}
    return await db.steps.find(ready, {"result": 0}).sort("seq").limit(limit).to_list()


def step_kind(step_id: str) -> str:
    """Return the kind of the step of that id. The id ends with the step's key, which begins with the kind."""
    return step_id.rpartition(":")[2].partition("-")[0]


def part_of(step_id: str) -> str:
    """Return the id of the part of a step of that id or key: of its section, computation or chapter."""
    return step_id.rpartition(":")[2].partition("-")[2]


async def stamp_advanced(db: Database, steps: Sequence[Step]) -> None:
    """Mark done or dead steps as advanced, once everything that they unlock has really been unlocked."""
    for run, alike in grouped(steps, lambda step: step["run"]).items():
        still = {"_id": {"$in": ids_of(alike)}, "run": run, "state": {"$in": ["done", "dead"]}}
        stamped = {"$set": {"advanced": True}, "$unset": {"due_at": ""}}
        await db.fleeting_steps.update_many(still, stamped, hint=BY_ID)


async def unadvanced_steps(db: Database, now: datetime, limit: int) -> list[Step]:
    """Return done or dead steps that a crash kept from advancing, for 5 s or more."""
    by = now - timedelta(seconds=5)
    done, dead = [await db.steps.find(overdue(state, by)).limit(limit).to_list() for state in ("done", "dead")]
    return done + dead


async def idle_ready_reports(db: Database, reports: Sequence[str], slot: Slot, now: datetime) -> set[str]:
    """Return the ids of reports whose ready steps in a slot set have stood unqueued for 5 s or more."""
    ready = overdue("ready", now - timedelta(seconds=5))
    # By report: one that has all its slots in use may have hundreds of ready steps.
    here = {"report": {"$in": list(reports)}, "slot": slot, **ready}
    return {step["report"] async for step in db.steps.find(here, {"report": 1}, hint=STEPS_BY_REPORT)}


async def dead_steps_of(db: Database, reports: Sequence[str], *, or_undone: bool = False) -> list[Step]:
    """Return the dead steps of some reports, or all that are not done, by ids, keys, states and epochs alone."""
    states = [state for state in get_args(StepState) if state != "done"] if or_undone else ["dead"]
    dead = {"report": {"$in": list(reports)}, "slot": {"$in": get_args(Slot)}, "state": {"$in": states}}
    found = db.steps.find(dead, {"report": 1, "key": 1, "epoch": 1, "state": 1}, hint=STEPS_BY_REPORT)
    return await found.to_list()


async def has_live_steps(db: Database, report: str, *, or_dead: bool = False) -> bool:
    """Return whether a step of the report can still go on without an operator, or is dead if that counts, too."""
    live = {"report": report, "state": {"$in": ["ready", "queued", "claimed", *(["dead"] if or_dead else [])]}}
    return await exists(db.steps, live)


async def slot_holders(db: Database, step_ids: Sequence[str]) -> list[Step]:
    """Return steps without their long fields."""
    without = {"result": 0, "traceback": 0, "needs": 0}
    return await db.steps.find({"_id": {"$in": list(step_ids)}}, without).to_list()


async def count_steps(db: Database, reports: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Return the number of steps by (report, kind, state): the progress of some reports, on an index."""
    pipeline: list[Document] = [
        {"$match": {"report": {"$in": list(reports)}}},
        {"$group": {"_id": {"report": "$report", "kind": "$kind", "state": "$state"}, "n": {"$sum": 1}}},
    ]
    groups = await aggregated(db.steps, pipeline)
    return {(g["_id"]["report"], g["_id"]["kind"], g["_id"]["state"]): g["n"] for g in groups}


async def replan_step(db: Database, planned: Step, run: int) -> None:
    """Give a step of an older run its place and its needs in another plan (T17w)."""
    older = {"_id": planned["_id"], "run": {"$lt": run}}
    await db.steps.update_one(older, {"$set": {name: planned[name] for name in _OF_THE_PLAN}})


async def remove_steps(db: Database, steps: Sequence[Step], run: int) -> None:
    """Remove steps of older runs that another plan has no more. Their purchases stay in the ledger (T17w)."""
    await db.steps.delete_many({"_id": {"$in": ids_of(steps)}, "run": {"$lt": run}})


async def remove_late_steps(db: Database, step_ids: Sequence[str], plan: str, run: int) -> None:
    """Remove those steps of a plan that nobody touched and that came after a run by another plan began (T17w)."""
    late = {"_id": {"$in": list(step_ids)}, "plan": plan, "run": {"$lt": run}, "epoch": 0}
    await db.steps.delete_many(late)


async def reset_step(db: Database, step: Step, run: int, state: StepState, now: datetime) -> bool:
    """Set a step of an older run back to ready or waiting in the new run. False if it has that run (T17)."""
    fresh = {"state": state, "run": run, "due_at": now, "fails": 0, "kills": 0, "sends": 0, "claim": None}
    update = {"$set": fresh, "$inc": {"epoch": 1}, "$unset": dict.fromkeys(_OF_THE_OLD_RUN, "")}
    older = {"_id": step["_id"], "run": {"$lt": run}}
    return await updated(db.steps, older, update)
