"""Resumption of reports that stand still without a dead step: an election is the one known way to that."""

from actors.deps.process import Deps
from actors.reports.advance import advance, ready_complete
from actors.reports.slots import pump
from infra.logs import log
from storage.orders import fail_order
from storage.records.work import Report
from storage.steps import has_live_steps, steps_of


async def resume(deps: Deps, report: Report) -> None:
    """Make a running report's steps go on if none of them is live, dead or to be advanced.

    If none can go on, its order is brought before an operator. Safe to repeat, and while a step goes on by itself.
    """
    if await has_live_steps(deps.db, report["_id"], or_dead=True):
        return
    steps = await steps_of(deps.db, report["_id"])
    if any(step.get("advanced") is False for step in steps):
        return
    waiting = [step["_id"] for step in steps if step["state"] == "waiting"]
    log.warning("report_stands_still", order=report["order"], report=report["_id"], waiting=len(waiting))
    if await ready_complete(deps.db, waiting, deps.clock.now()):
        await pump(deps, report["_id"])
    elif steps and not waiting:
        await advance(deps, steps[-1])
    elif not await has_live_steps(deps.db, report["_id"], or_dead=True):
        reason = f"{report['product']}: it stands still, and nothing of it can go on."
        await fail_order(deps.db, report["order"], reason, deps.clock.now())
