"""What follows a step: those that need it become ready, and its slot goes to the next."""

from datetime import timedelta

import structlog

from actors.deps import Deps
from actors.engine.finish import finish_report
from actors.engine.sending import STEP_ACTORS, new_message_id, send
from infra.errors import TransientError
from storage.database import Document
from storage.dead_letters import record_dead_step
from storage.orders import call_operator
from storage.reports import Slot, find_report, free_slot, reserve_slot, slot_token
from storage.steps import (
    due_steps,
    find_step,
    kill_step,
    queue_step,
    ready_step,
    stamp_advanced,
    waiting_dependents,
)

log = structlog.get_logger()

#: Which kinds of step share a slot set: LLM calls have one, what our own machines bound the other.
SLOTS: dict[Slot, tuple[str, ...]] = {"write": ("write",), "render": ("render", "assemble", "compute")}
_SLOT_OF: dict[str, Slot] = {kind: slot for slot, kinds in SLOTS.items() for kind in kinds}


def slot_of(step: Document) -> Slot:
    """Return the slot set in which a step is counted."""
    return _SLOT_OF[step["kind"]]


async def advance(deps: Deps, step: Document) -> None:
    """Do what a done step unlocks. Safe to do twice, or by two at once; the sweep does it after a crash."""
    for dependent in await waiting_dependents(deps.db, step):
        await ready_step(deps.db, dependent, deps.clock.now())
    if step["kind"] == "assemble":
        await finish_report(deps, step)
    await _move_on(deps, step)


async def advance_or_call(deps: Deps, step: Document) -> None:
    """Advance; what cannot be done now or ever is an operator's, and the sweep tries it again meanwhile."""
    try:
        await (advance if step["state"] != "dead" else bury)(deps, step)
    except TransientError:
        raise
    except Exception as error:
        log.exception("step_cannot_advance", order=step["order"], step=step["_id"])
        reason = f"{step['product']}: what follows {step['key']} fails: {error}"
        await call_operator(deps.db, step["order"], reason, deps.clock.now())


async def give_up(deps: Deps, step: Document, epoch: int, reason: str, trace: str = "") -> None:
    """Make a step dead, if it is still at that epoch, and bury it."""
    if not await kill_step(deps.db, step, epoch, reason, trace, deps.clock.now()):
        return
    dead = await find_step(deps.db, step["_id"])
    if dead is not None and dead["state"] == "dead":
        await bury(deps, dead)


async def bury(deps: Deps, step: Document) -> None:
    """Record a dead step, call the operator, and let the rest of its report go on."""
    await record_dead_step(deps.db, step)
    reason = f"{step['product']}: {step['key']} is dead: {step['error']}"
    await call_operator(deps.db, step["order"], reason, deps.clock.now())
    log.error("step_dead", order=step["order"], step=step["_id"], error=step["error"])
    await _move_on(deps, step)


async def _move_on(deps: Deps, step: Document) -> None:
    slot = slot_of(step)
    gap_s = (await deps.plans.get(step["plan"]))["gap_s"][slot]
    gap_until = deps.clock.now() + timedelta(seconds=gap_s) if gap_s else None
    await free_slot(deps.db, step["report"], slot, slot_token(step["_id"], step["run"]), gap_until)
    await pump(deps, step["report"])
    await stamp_advanced(deps.db, step)


async def pump(deps: Deps, report_id: str) -> None:
    """Offer the free slots of a report to its ready steps, in plan order."""
    report = await find_report(deps.db, report_id)
    if report is None or report["state"] != "running" or report["replay"] is not None:
        return
    bounds = (await deps.plans.get(report["plan"]))["bounds"]
    for slot in SLOTS:
        await _fill(deps, report, slot, bounds[slot])


async def _fill(deps: Deps, report: Document, slot: Slot, bound: int) -> None:
    held, now = report["slots"][slot], deps.clock.now()
    free = bound - len(held)
    if free <= 0:
        return
    # A released step is ready too, and has its slot: who released it queues it again, or the sweep.
    without = [token.rpartition("@")[0] for token in held]
    for step in await due_steps(deps.db, report["_id"], SLOTS[slot], without, now, free):
        token = slot_token(step["_id"], step["run"])
        if not await reserve_slot(deps.db, report["_id"], slot, token, bound, now):
            return
        await queue_and_send(deps, step)


async def queue_released(deps: Deps, step_id: str) -> None:
    """T8, for a step that was released and has kept its slot."""
    step = await find_step(deps.db, step_id)
    if step is not None and step["state"] == "ready":
        await queue_and_send(deps, step)


async def queue_and_send(deps: Deps, step: Document) -> None:
    """T8: queue a ready step that has a slot, and wake a worker."""
    message = new_message_id()
    if await queue_step(deps.db, step, message, deps.clock.now()):
        await send_step(deps, step, message)


async def send_step(deps: Deps, step: Document, message: str) -> bool:
    """Wake a worker for a step that is queued under that message id."""
    return await send(
        deps, step["product"], STEP_ACTORS[step["kind"]], message, order=step["order"], step=step["_id"]
    )
