"""What follows a step: those that need it become ready, and its slot goes to the next."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog

from actors.deps import Deps
from actors.engine.finish import finish_report
from actors.engine.pump import offer, pass_on, pump
from actors.engine.ready import ready_dependents
from actors.engine.slots import slot_of, token_of
from infra.errors import TransientError
from storage.claims import kill_step
from storage.database import Document
from storage.dead_letters import record_dead_step
from storage.orders import call_operator
from storage.slots import free_slot
from storage.steps import find_step, stamp_advanced

log = structlog.get_logger()


async def advance(deps: Deps, step: Document) -> None:
    """Do what a done step unlocks. Safe to do twice, or by two at once; the sweep does it after a crash."""
    plan = await deps.plans.get(step["plan"])
    readied = await ready_dependents(deps.db, plan, step, deps.clock.now())
    if step["kind"] == "assemble":
        await finish_report(deps, step)
    await _move_on(deps, plan, step, readied)


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
    await _move_on(deps, await deps.plans.get(step["plan"]), step, [])


async def _move_on(deps: Deps, plan: Document, step: Document, readied: Sequence[Document]) -> None:
    """Let the step's slot, and those that became ready, find one another."""
    # Steps of a report that end together would all reach for the same slots and the same next step.
    async with deps.turns.turn(step["report"]):
        await _share_slots(deps, plan, step, readied)
    await stamp_advanced(deps.db, step)


async def _share_slots(deps: Deps, plan: Document, step: Document, readied: Sequence[Document]) -> None:
    slot = slot_of(step)
    ready = Counter(slot_of(other) for other in readied)
    if gap_s := plan["gap_s"][slot]:
        await free_slot(deps.db, step["report"], slot, token_of(step), deps.clock.now() + timedelta(seconds=gap_s))
    else:
        await pass_on(deps, plan, step)
    # One that became ready in the same set has had its chance at this step's slot; others need one of their own.
    for other in readied:
        if ready[slot_of(other)] == 1 and slot_of(other) != slot:
            await offer(deps, plan, other)
    if any(count > 1 for count in ready.values()):
        await pump(deps, step["report"])
