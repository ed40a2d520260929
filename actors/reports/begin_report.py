"""Begins a report: keeps its plan, then starts the steps that need none."""

import traceback
from collections.abc import Sequence
from itertools import chain

from actors.deps.process import Deps
from actors.messages import send_all, step_post
from actors.products.catalogue import PRODUCTS
from actors.products.slot_sets import SLOTS, slot_of, token_of
from actors.reports.putting_off import is_put_off, park
from infra.errors import TransientError, describe
from infra.logs import log
from storage.dead_letters import record_dead_report
from storage.orders import fail_order, find_order
from storage.queueing import mark_queued, new_message
from storage.records.plans import Plan, PlannedStep, Slot
from storage.records.work import Report, Step
from storage.reports import (
    find_report,
    kill_report,
    park_report,
    pin_plan,
    start_report,
    stop_reports,
)
from storage.steps import insert_steps, remove_late_steps
from storage.work_pauses import put_off_report


async def begin_report(deps: Deps, report_id: str) -> None:
    """Pin the plan, and insert its steps, the first of them queued. Safe to repeat (T5)."""
    order_id, _, product = report_id.partition(":")
    order = await find_order(deps.db, order_id)
    if order is None or product not in order["products"]:  # a message may name anything
        return
    if order["stopped"]:
        await park(deps, report_id, lambda order: order["stopped"], put_off_report, park_report)
        return
    # A fix may be deployed meanwhile, so that the plan is pinned only then.
    if await is_put_off(deps, report_id, order["tenant"], "begin", put_off_report):
        return
    current = await deps.plans.current(PRODUCTS[product])
    report = await pin_plan(deps.db, report_id, current["_id"], deps.clock.now())
    if report is None or report["plan"] is None:
        return
    if report["payment_version"] < order["payment_version"]:  # it was opened while older words were being spread
        version = order["payment_version"]
        await stop_reports(deps.db, [report_id], version, stopped=order["stopped"])
    plan = await deps.plans.get(report["plan"])
    steps = new_steps(report, plan)
    first = _first_steps(steps, plan)
    slots = {slot: [token_of(step) for step in held] for slot, held in first.items()}
    message, queued = new_message(), list(chain.from_iterable(first.values()))
    for step in queued:
        mark_queued(step, message, deps.clock.now())
    await insert_steps(deps.db, steps)
    if await start_report(deps.db, report_id, plan["_id"], slots):
        log.info("report_begun", order=report["order"], product=report["product"], steps=len(steps))
    elif not await _runs_by(deps, report_id, plan):
        return
    await send_all(deps, [step_post(step, message) for step in queued])


async def _runs_by(deps: Deps, report_id: str, plan: Plan) -> bool:
    """Return whether a report is running by a plan already. If another took its place meanwhile (T17w), undo it.

    Steps that were inserted late, and that the other plan lacks, are removed, though the report is stored by then.
    """
    report = await find_report(deps.db, report_id)
    if report is None or report["plan"] == plan["_id"]:
        return report is not None and report["state"] == "running"
    others = await deps.plans.get(report["plan"] or "")
    late = [f"{report_id}:{key}" for key in plan["steps"].keys() - others["steps"].keys()]
    await remove_late_steps(deps.db, late, plan["_id"], report["run"])
    return False


async def begin_or_give_up(deps: Deps, report_id: str) -> None:
    """Begin a report. TransientError is raised, and the sweep tries again; any other error is an operator's."""
    try:
        await begin_report(deps, report_id)
    except TransientError:
        raise
    except Exception as error:  # noqa: BLE001  # after any error the order waits for an operator, not for ever
        trace = "".join(traceback.format_exception(error))
        await give_up_report(deps, report_id, describe(error), trace, error=str(error))


async def give_up_report(
    deps: Deps, report_id: str, cause: str, trace: str = "", error: str | None = None
) -> None:
    """Give up a queued report that cannot be begun, and leave it to an operator.

    `cause` quotes nothing, `error` may.
    """
    report = await find_report(deps.db, report_id)
    if report is None or report["state"] != "queued":
        return
    now, reason = deps.clock.now(), f"{report_id} could not be begun: {cause}"
    await record_dead_report(deps.db, report_id, reason, error or cause, trace, now)
    await fail_order(deps.db, report_id.partition(":")[0], reason, now)
    await kill_report(deps.db, report_id)


def _first_steps(steps: Sequence[Step], plan: Plan) -> dict[Slot, list[Step]]:
    """Return the steps that need no other, in plan order, as many as have a slot."""
    ready = [step for step in steps if step["state"] == "ready"]
    return {slot: [step for step in ready if step["slot"] == slot][: plan["bounds"][slot]] for slot in SLOTS}


def new_steps(report: Report, plan: Plan) -> list[Step]:
    """Return the steps of a report by a plan, in its order, as they are before anything is done."""
    return [_new_step(report, plan, planned) for planned in plan["steps"].values()]


def _new_step(report: Report, plan: Plan, planned: PlannedStep) -> Step:
    ready = not planned["needs"]
    step: Step = {
        "_id": f"{report['_id']}:{planned['key']}",
        "order": report["order"],
        "report": report["_id"],
        "product": report["product"],
        "tenant": report["tenant"],
        "plan": plan["_id"],
        "format": plan["format"],
        "key": planned["key"],
        "kind": planned["kind"],
        "slot": slot_of(planned),
        "seq": planned["seq"],
        "section": planned.get("section"),
        "needs": [f"{report['_id']}:{need}" for need in planned["needs"]],
        "state": "ready" if ready else "waiting",
        "run": report["run"],
        "epoch": 0,
        "attempts": 0,
        "fails": 0,
        "kills": 0,
        "sends": 0,
        "claim": None,
        "result": None,
    }
    if ready:
        step["due_at"] = report.get("began_at", report["queued_at"])
    return step
