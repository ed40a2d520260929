"""Replays: part of a report is made again, from given steps on, under a new run. All else is reused (T17)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from actors.products.plans import changes_between
from actors.products.slot_sets import slot_of, token_of
from actors.reports.advance import ready_complete
from actors.reports.begin_report import new_steps
from actors.reports.lost_books import is_lost
from actors.reports.slots import pump
from infra.errors import PressroomError
from infra.logs import log
from storage.corrections import begin_remake, end_remaking
from storage.endings import begin_replay, end_replay
from storage.errands import ERRAND_CHECK
from storage.grouping import by_id
from storage.orders import named_order
from storage.records.orders import Ending, Order, ReplayIntent
from storage.records.plans import Plan
from storage.records.work import Report, Step, StepState
from storage.reports import (
    begin_report_replay,
    end_report_replay,
    find_report,
    find_reports,
    report_id,
    reports_of,
)
from storage.slots import pull_tokens
from storage.steps import (
    dead_steps_of,
    find_step,
    insert_steps,
    remove_steps,
    replan_step,
    reset_step,
    results_of,
    steps_of,
)

#: The words of a replay: those that the report was begun with, or those of its product as it is defined now.
Words = Literal["pinned", "today"]

#: A written report is printed again also after its customer was told, since it says the same. Steps of an order
#: that is being refunded are parked, and go on if the refund fails.
_OF_PRINTING: tuple[Ending | None, ...] = (None, "completion", "refund")


class ReplayIsImpossible(PressroomError):
    """The order is gone, is being replayed already, or its letter is chosen and some text would be new in it.

    Or the report is not begun, so that there is nothing to make again.
    """


class ReplayIsUnderWay(ReplayIsImpossible):
    """Another replay of the order is not carried out yet. It may be tried again."""


async def replay(
    deps: Deps,
    order_id: str,
    product: str,
    steps: Iterable[str],
    *,
    printing: bool = False,
    words: Words = "pinned",
) -> bool:
    """Make those steps, and all that follow from them, again.

    ReplayIsImpossible, with the reason, if that is not allowed. With `printing` the written texts are only set and
    bound, which no letter of the order forbids. In today's words the report goes on with the plan of its product
    as it is defined now: all that is not done or says something else then is made again, too (T17w). False if its
    words are today's.
    """
    order = await named_order(deps.db, order_id)
    report = await find_report(deps.db, report_id(order_id, product))
    plan = await renewed_plan(deps, report) if report and words == "today" else None
    printing = printing and plan is None
    if hindrance := why_impossible(order, report, printing=printing):
        raise ReplayIsImpossible(hindrance)
    if report and plan:
        steps = await _first_renewed(deps, report, plan, steps)
    intent: ReplayIntent = {"product": product, "run": order["run"][product] + 1, "steps": sorted(steps)}
    if plan:
        intent["plan"] = plan["_id"]
    if not await _begin(deps, order_id, intent, _OF_PRINTING if printing else (None,)):
        raise ReplayIsUnderWay(f"Somebody else is replaying order {order_id}.")
    return plan is not None


async def renewed_plan(deps: Deps, report: Report) -> Plan | None:
    """Return the plan that a report has in today's words. None if that is its own, or there is none today."""
    product = PRODUCTS.get(report["product"])
    plan = await deps.plans.current(product) if product else None
    return plan if plan and plan["_id"] != report["plan"] else None


async def _first_renewed(deps: Deps, report: Report, plan: Plan, steps: Iterable[str]) -> list[str]:
    """Return the first of the steps that are made again under another plan, by their ids."""
    undone = await dead_steps_of(deps.db, [report["_id"]], or_undone=True)
    chosen = {step.removeprefix(f"{report['_id']}:") for step in steps}
    old = await deps.plans.get(report["plan"] or "")
    first = first_renewed(old, plan, chosen.union(step["key"] for step in undone))
    return [f"{report['_id']}:{key}" for key in first]


def first_renewed(old: Plan, new: Plan, chosen: set[str]) -> set[str]:
    """Return the first of the steps that a report makes again under another plan, by their keys.

    `chosen` are those that were asked for, and those that are not done: a holder of one has the old words. The
    book is bound again in any case, since the run ends with it: of a plan with another pace nothing else is made.
    """
    changes = changes_between(old, new)
    return (chosen - changes.gone) | changes.changed | changes.new | {"assemble"}


def why_impossible(order: Order, report: Report | None, *, printing: bool) -> str | None:
    """Return why steps of an order's report cannot be made again, or None. With `printing`, as in `replay`."""
    if order["letter"] not in (_OF_PRINTING if printing else (None,)):
        return f"The {order['letter']} letter of order {order['_id']} is chosen already."
    if report is None or not report["planned"]:
        return f"This report of order {order['_id']} is not begun."
    return None


async def reprint_reports(deps: Deps, order: Order) -> datetime | None:
    """Have an order's lost PDFs made again, one report at a time: an order has one replay at once.

    They are made from their checkpoints. Nothing is bought, and no mail is sent.
    """
    reports = await reports_of(deps.db, [order]) if not order["stopped"] else []
    begun = [await reprint(deps, report) for report in reports if await is_lost(deps, report)]
    return None if all(begun) else deps.clock.now() + ERRAND_CHECK


async def reprint(deps: Deps, report: Report) -> bool:
    """Bind a stored report's book again, and set those of its chapters that S3 has no more.

    False if its order is being replayed: by another process, or for another report of the order.
    """
    binding = await find_step(deps.db, f"{report['_id']}:assemble")
    if binding is None:
        raise ReplayIsImpossible(f"Nothing says how {report['_id']} was bound.")
    steps = [binding["_id"], *await lost_chunks(deps, binding)]
    # The run after the one whose book is lost: of several processes that noticed it, one begins.
    intent: ReplayIntent = {"product": report["product"], "run": report["run"] + 1, "steps": sorted(steps)}
    return await _begin(deps, report["order"], intent, _OF_PRINTING)


async def lost_chunks(deps: Deps, binding: Step) -> list[str]:
    """Return the chapters that a report's last step needs and S3 has no more. They can be set again."""
    chunks = await results_of(deps.db, binding["needs"])
    there = await asyncio.gather(*(deps.objects.exists(chunk["object"]) for chunk in chunks.values()))
    return [need for need, exists in zip(chunks, there, strict=True) if not exists]


async def _begin(deps: Deps, order_id: str, intent: ReplayIntent, letters: Sequence[Ending | None]) -> bool:
    begun = await begin_replay(deps.db, order_id, intent, deps.clock.now(), letters)
    if begun:
        await _carry_out(deps, order_id, intent)
    return begun


async def finish_replay(deps: Deps, order: Order) -> datetime | None:
    """Finish a replay that a crash interrupted, or a correction asks for. Every part of it is safe to repeat."""
    if "replay" in order:
        await _carry_out(deps, order["_id"], order["replay"])
    if "remaking" in order and not await _remake(deps, order):
        return deps.clock.now() + ERRAND_CHECK
    return None


async def _carry_out(deps: Deps, order_id: str, intent: ReplayIntent) -> None:
    report, plan = report_id(order_id, intent["product"]), intent.get("plan")
    await begin_report_replay(deps.db, report, intent["run"], plan)
    if plan:
        await _replan(deps, report, intent["run"], plan)
    await _restart(deps, report, intent["run"], intent["steps"])
    await end_replay(deps.db, order_id, intent["product"], intent["run"])
    await pump(deps, report_id(order_id, intent["product"]))


async def _remake(deps: Deps, order: Order) -> bool:
    """Make those reports of an order again that are begun, each under its new run. All others begin by themselves.

    A report that is begun later has its steps read the order as it is corrected. False if one is just being begun,
    whose first steps may be made already: it is made again once it is begun.
    """
    order_id, runs = order["_id"], order["remaking"]
    found = await find_reports(deps.db, [report_id(order_id, product) for product in runs])
    planned = [report for report in found if report["planned"]]
    for report in planned:
        run = runs[report["product"]]
        if not await begin_remake(deps.db, order_id, report["product"], run):
            continue
        await begin_report_replay(deps.db, report["_id"], run)
        first = [step["_id"] for step in await steps_of(deps.db, report["_id"]) if not step["needs"]]
        await _restart(deps, report["_id"], run, first)
    is_over = not any(report["state"] == "queued" and report["plan"] and not report["stopped"] for report in found)
    if is_over:
        await end_remaking(deps.db, order)
    for report in planned:
        await pump(deps, report["_id"])
    return is_over


async def _restart(deps: Deps, report: str, run: int, first: Sequence[str]) -> None:
    """Set those steps of a report, and all that follow from them, back to their beginning in a new run."""
    steps = await steps_of(deps.db, report)
    again = following({step["_id"]: step["needs"] for step in steps}, first)
    for step in steps:  # in plan order, so that needs come first
        if step["_id"] in again and step["run"] < run:
            await _reset(deps, step, run)
    await ready_complete(deps.db, sorted(again), deps.clock.now())
    await end_report_replay(deps.db, report, run)
    log.info("replay_begun", report=report, steps=len(again))


async def _replan(deps: Deps, report_id: str, run: int, plan_id: str) -> None:
    """Give a report the steps of another plan. Those that are done stay so; others are reset afterwards (T17w)."""
    report = await find_report(deps.db, report_id)
    if report is None or report["replay"] != run:  # all of it is done, and maybe another replay since
        return
    planned = new_steps(report, await deps.plans.get(plan_id))
    there = by_id(await steps_of(deps.db, report_id))
    gone = there.keys() - {step["_id"] for step in planned}
    for step in (there[one] for one in sorted(gone)):
        await pull_tokens(deps.db, report_id, slot_of(step), [token_of(step)])
    await remove_steps(deps.db, [there[one] for one in gone], run)
    for step in planned:
        if step["_id"] in there:
            await replan_step(deps.db, step, run)
    if new := [step for step in planned if step["_id"] not in there]:
        await insert_steps(deps.db, new)


async def _reset(deps: Deps, step: Step, run: int) -> None:
    await pull_tokens(deps.db, step["report"], slot_of(step), [token_of(step)])
    state: StepState = "waiting" if step["needs"] else "ready"
    await reset_step(deps.db, step, run, state, deps.clock.now())


def following(needs: Mapping[str, Sequence[str]], first: Iterable[str]) -> set[str]:
    """Return those steps and all that need them, directly or not. `needs` are by step, in plan order."""
    found = set(first)
    for step, needed in needs.items():
        if found.intersection(needed):
            found.add(step)
    return found
