"""What a crash kept somebody from doing after a step was done, or before the next was queued."""

from actors.advance import advance, bury, pump
from actors.deps import Deps
from storage.steps import idle_ready_reports, unadvanced_steps

_BATCH = 500


async def advance_missed_steps(deps: Deps) -> None:
    """Do what done and dead steps unlock, where nobody did."""
    for step in await unadvanced_steps(deps.db, deps.clock.now(), _BATCH):
        await (advance if step["state"] == "done" else bury)(deps, step)


async def pump_idle_reports(deps: Deps) -> None:
    """Offer free slots where ready steps stand about."""
    for report in await idle_ready_reports(deps.db, deps.clock.now()):
        await pump(deps, report)
