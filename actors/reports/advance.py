"""What follows a step: those that need it become ready, and its slot goes to the next."""

from collections.abc import Collection, Sequence
from functools import partial

import structlog

from actors.deps.process import Deps
from actors.reports.finish import finish_report
from actors.reports.ready import ready_dependents
from actors.reports.slots import pump
from infra.errors import TransientError
from storage.claims import kill_step
from storage.database import Document
from storage.dead_letters import record_dead_step
from storage.orders import fail_order
from storage.rounds import Rounds
from storage.slots import Slot
from storage.steps import find_step, stamp_advanced

log = structlog.get_logger()

#: Steps of one report that advance in one go.
_MOST = 64


async def advance(deps: Deps, step: Document) -> None:
    """Do what a done step unlocks. Safe to do twice, or by two at once; the sweep does it after a crash.

    Steps of one report that end together advance together: they would all reach for the same slots.
    """
    rounds = deps.advances.get(step["report"])
    if rounds is None:
        rounds = deps.advances[step["report"]] = Rounds(partial(_advance_all, deps), most=_MOST)
    await rounds.join(step)


async def _advance_all(deps: Deps, steps: list[Document]) -> list[None]:
    """Advance steps of one report."""
    plan = await deps.plans.get(steps[0]["plan"])
    readied = await ready_dependents(deps.db, plan, steps, deps.clock.now())
    for step in steps:
        if step["kind"] == "assemble":
            await finish_report(deps, step)
    await _move_on(deps, steps, readied)
    return [None] * len(steps)


async def advance_or_call(deps: Deps, step: Document) -> None:
    """Advance; what cannot be done now or ever is an operator's, and the sweep tries it again meanwhile."""
    try:
        await (advance if step["state"] != "dead" else bury)(deps, step)
    except TransientError:
        raise
    except Exception as error:
        log.exception("step_cannot_advance", order=step["order"], step=step["_id"])
        reason = f"{step['product']}: what follows {step['key']} fails: {error}"
        await fail_order(deps.db, step["order"], reason, deps.clock.now())


async def give_up(deps: Deps, step: Document, epoch: int, reason: str, trace: str = "") -> None:
    """Make a step dead, if it is still at that epoch, and bury it."""
    if not await kill_step(deps.db, step, epoch, reason, trace, deps.clock.now()):
        return
    dead = await find_step(deps.db, step["_id"])
    if dead is not None and dead["state"] == "dead":
        await bury(deps, dead)


async def bury(deps: Deps, step: Document) -> None:
    """Record a dead step, call the operator, and let the rest of its report go on."""
    reason = f"{step['product']}: {step['key']} is dead: {step['error']}"
    await record_dead_step(deps.db, step, reason)
    await fail_order(deps.db, step["order"], reason, deps.clock.now())
    log.error("step_dead", order=step["order"], step=step["_id"], error=step["error"])
    await _move_on(deps, [step], set())


async def _move_on(deps: Deps, steps: Sequence[Document], readied: Collection[Slot]) -> None:
    """Let the slots of settled steps, and those that became ready, find one another."""
    await pump(deps, steps[0]["report"], steps, readied)
    # It only tells the sweep not to look, so nobody waits for it.
    deps.timers.soon(partial(stamp_advanced, deps.db, steps))
