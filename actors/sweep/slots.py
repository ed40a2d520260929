"""T15: slots that nothing holds are taken back, and ready steps that stand about are queued."""

from collections.abc import Iterator
from datetime import timedelta

from actors.deps import Deps
from actors.engine.pump import pump, queue_and_send
from actors.engine.slots import SLOTS
from storage.database import Document
from storage.slots import Slot, pull_tokens, running_reports
from storage.steps import idle_ready_slots, slot_holders

#: How long a ready step may stand before the sweep sees to it: those who readied it are at it first.
_IDLE = timedelta(seconds=5)


async def heal_slots(deps: Deps) -> None:
    """Take leftover slots back, queue released steps whose time has come, and offer what is free."""
    reports = await running_reports(deps.db)
    ids = [token.rpartition("@")[0] for report in reports for _, token in _tokens(report)]
    steps = {step["_id"]: step for step in await slot_holders(deps.db, ids)} if ids else {}
    idle = await idle_ready_slots(deps.db, deps.clock.now())
    for report in reports:
        healed = await _heal(deps, report, steps)
        if healed or await _has_room(deps, report, idle[report["_id"]]):
            await pump(deps, report["_id"])


async def _heal(deps: Deps, report: Document, steps: dict[str, Document]) -> bool:
    healed = False
    for slot, token in _tokens(report):
        step_id, _, run = token.rpartition("@")
        step = steps.get(step_id)
        if step is None:
            continue
        if step["run"] > int(run) or (step["state"] in {"done", "dead"} and step.get("advanced") is True):
            await pull_tokens(deps.db, report["_id"], slot, [token])
            healed = True
        elif step["state"] == "ready" and step["due_at"] + _IDLE <= deps.clock.now():
            await queue_and_send(deps, [step])
    return healed


async def _has_room(deps: Deps, report: Document, slots: set[Slot]) -> bool:
    bounds = (await deps.plans.get(report["plan"]))["bounds"]
    return any(len(report["slots"][slot]) < bounds[slot] for slot in slots)


def _tokens(report: Document) -> Iterator[tuple[Slot, str]]:
    for slot in SLOTS:
        for token in report["slots"][slot]:
            yield slot, token
