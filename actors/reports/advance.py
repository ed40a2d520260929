"""Advances a report: readies the followers of a done step, passes its slot on, and ends with the last step."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from actors.deps.accounts import watching_accounts
from actors.deps.process import Deps
from actors.messages import send_all, send_errand
from actors.products.slot_sets import slot_of
from actors.reports.admission import release_places
from actors.reports.slots import pump
from infra.errors import TransientError, describe
from infra.group_commit import GroupCommit
from infra.logs import log
from storage.claims import kill_step
from storage.database import Database
from storage.dead_letters import record_dead_step
from storage.endings import add_stored
from storage.ledger import drop_texts
from storage.orders import fail_order
from storage.records.plans import Plan, PlannedStep, Slot
from storage.records.work import Pdf, Step
from storage.reports import store_report
from storage.steps import (
    done_among,
    find_step,
    ready_after,
    ready_steps,
    stamp_advanced,
    waiting_steps,
)

#: The most steps of one report that advance in one go.
_MOST = 64


async def advance(deps: Deps, step: Step) -> None:
    """Make ready the steps that a done step unlocks, pass its slot on, and finish the report after its last.

    Safe to repeat, and by two callers at once. The sweep does it after a crash. Steps of one report that end
    together advance together: they would all reach for the same slots.
    """
    rounds = deps.advances.get(step["report"])
    if rounds is None:
        rounds = deps.advances[step["report"]] = GroupCommit(partial(_advance_all, deps), most=_MOST)
    await rounds.join(step)


async def _advance_all(deps: Deps, steps: list[Step]) -> list[None]:
    """Advance steps of one report."""
    plan = await deps.plans.get(steps[0]["plan"])
    readied = await ready_dependents(deps.db, plan, steps, deps.clock.now())
    for step in steps:
        if step["kind"] == "assemble":
            await finish_report(deps, step)
    await _move_on(deps, steps, readied)
    return [None] * len(steps)


async def advance_or_call(deps: Deps, step: Step) -> None:
    """Advance a step, or bury a dead one. TransientError is raised, and the sweep tries again.

    Any other error is brought before an operator, and the sweep tries again meanwhile.
    """
    try:
        if step["state"] == "dead":
            await bury(deps, step)
        else:
            await advance(deps, step)
    except TransientError:
        raise
    except Exception as error:
        log.exception("step_cannot_advance", order=step["order"], step=step["_id"])
        reason = f"{step['product']}: what follows {step['key']} fails: {describe(error)}"
        await fail_order(deps.db, step["order"], reason, deps.clock.now())


async def give_up(
    deps: Deps, step: Step, epoch: int, reason: str, trace: str = "", error: str | None = None
) -> None:
    """Make a step dead, if it is still at that epoch, and bury it. `reason` quotes nothing, `error` may."""
    if not await kill_step(deps.db, step, epoch, reason, trace, deps.clock.now(), error=error):
        return
    dead = await find_step(deps.db, step["_id"])
    if dead is not None and dead["state"] == "dead":
        await bury(deps, dead)


async def bury(deps: Deps, step: Step) -> None:
    """Record a dead step, call the operator, and let the rest of its report go on."""
    cause = step.get("reason", "its dead letter says why.")
    reason = f"{step['product']}: {step['key']} is dead: {cause}"
    model = deps.settings.openai_model if step["kind"] == "write" else None
    await record_dead_step(deps.db, step, reason, model)
    await fail_order(deps.db, step["order"], reason, deps.clock.now())
    log.error("step_dead", order=step["order"], step=step["_id"], reason=cause)
    await _move_on(deps, [step], set())


async def _move_on(deps: Deps, steps: Sequence[Step], readied: Collection[Slot]) -> None:
    """Take back the slots of settled steps, and offer free ones to steps that became ready."""
    await pump(deps, steps[0]["report"], steps, readied)
    # The stamp only tells the sweep not to look, so no caller waits for it.
    deps.timers.soon(partial(stamp_advanced, deps.db, steps))


async def finish_report(deps: Deps, step: Step) -> None:
    """Record on report and order that the PDF is stored, under the contract's name (T16).

    Safe to repeat. The last report of an order starts its mail. The place of each goes to a report that waits for
    one.
    """
    pdf = await _publish(deps, step)
    await drop_texts(deps.db, step["report"], step["run"])
    now = deps.clock.now()
    if not await store_report(deps.db, step["report"], step["run"], pdf, now):
        later = await find_step(deps.db, step["_id"])
        if later is not None and later["result"] is not None:  # its book may have been there before this one
            await _publish(deps, later)
    if await add_stored(deps.db, step["order"], step["product"], step["run"], now):
        await send_errand(deps, "complete_order", step["order"])
    if deps.tenants.of(step["tenant"]).limit is not None:
        await send_all(deps, await release_places(deps, step["tenant"], [step["report"]]))


async def _publish(deps: Deps, step: Step) -> Pdf:
    """Put the book that a last step has bound under the contract's name. Returns it."""
    pdf = cast("Pdf", step["result"])  # the last step's result is the book
    async with watching_accounts(deps, f"{step['_id']} published"):
        await deps.objects.copy(pdf["object"], pdf["key"])
    return pdf


async def ready_dependents(db: Database, plan: Plan, done: Sequence[Step], now: datetime) -> set[Slot]:
    """Make ready the steps of one report that need some of the done ones, and none that is not done (T6).

    Returns the slot sets in which some became ready. Safe to repeat, and by two callers at once. The plan names
    the followers of a done step, so none has to be searched for.
    """
    readied: set[Slot] = set()
    to_check: set[str] = set()
    for step in done:
        followers = [planned for planned in plan["steps"].values() if step["key"] in planned["needs"]]
        sole = [follower for follower in followers if len(follower["needs"]) == 1]
        if await _ready_at_once(db, step, sole, now):
            readied.update(slot_of(follower) for follower in sole)
        else:
            to_check.update(_id_of(step, follower) for follower in sole)
        to_check.update(_id_of(step, follower) for follower in followers if len(follower["needs"]) > 1)
    complete = await ready_complete(db, sorted(to_check), now)
    readied.update(slot_of(step) for step in complete)
    return readied


async def _ready_at_once(db: Database, step: Step, sole: Sequence[PlannedStep], now: datetime) -> bool:
    """Make ready the steps that need only the done one (T6).

    False if not all of them waited for it, in its run.
    """
    ids = [_id_of(step, follower) for follower in sole]
    return await ready_after(db, ids, step["run"], now) if ids else True


async def ready_complete(db: Database, step_ids: Sequence[str], now: datetime) -> list[Step]:
    """Make ready those of some steps that wait, and whose needs are all done. Returns them (T6)."""
    # Seen before their needs are read: a replay in between gives them another epoch.
    waiting = await waiting_steps(db, step_ids) if step_ids else []
    if not waiting:
        return []
    needs = set[str]().union(*(step["needs"] for step in waiting))
    done = await done_among(db, needs)
    complete = [step for step in waiting if done.issuperset(step["needs"])]
    await ready_steps(db, complete, now)
    return complete


def _id_of(step: Step, planned: PlannedStep) -> str:
    """Return the id of another step of the same report."""
    return f"{step['report']}:{planned['key']}"
