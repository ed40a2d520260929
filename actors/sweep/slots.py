"""T15: slots that nothing holds are taken back, and ready steps that stand about are queued."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from actors.deps.process import Deps
from actors.products.slot_sets import SLOTS
from actors.reports.slots import pump, queue_and_send
from storage.database import Document
from storage.slots import Slot, pull_tokens, running_reports
from storage.steps import idle_ready_reports, slot_holders

#: How long a ready step may stand before the sweep sees to it: those who readied it are at it first.
_IDLE = timedelta(seconds=5)
#: Reports that are looked at in one round: some tens of commands, however many reports there are. A thousand are
#: gone through in 20 s, and what a crash leaves in a slot is in nobody's way meanwhile but its own report's.
_PAGE = 100


class SlotHealer:
    """Goes through the running reports, a page each time, and begins again after the last one."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._after = ""

    async def heal_page(self, deps: Deps) -> None:
        """Heal the next reports, so that a round takes as long with ten thousand as with a hundred."""
        reports = await running_reports(deps.db, self._after, _PAGE)
        self._after = reports[-1]["_id"] if len(reports) == _PAGE else ""
        await _heal(deps, reports)

    async def heal_all(self, deps: Deps) -> None:
        """Heal every report."""
        await self.heal_page(deps)
        while self._after:
            await self.heal_page(deps)


async def _heal(deps: Deps, reports: Sequence[Document]) -> None:
    """Take leftover slots back, queue released steps whose time has come, and offer what is free."""
    ids = [token.rpartition("@")[0] for report in reports for _, token in _tokens(report)]
    steps = {step["_id"]: step for step in await slot_holders(deps.db, ids)}
    idle = await _idle_with_room(deps, reports)
    for report in reports:
        if await _heal_report(deps, report, steps) or report["_id"] in idle:
            await pump(deps, report["_id"])


async def _heal_report(deps: Deps, report: Document, steps: dict[str, Document]) -> bool:
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
            await queue_and_send(deps, [[step]])
    return healed


async def _idle_with_room(deps: Deps, reports: Sequence[Document]) -> set[str]:
    """Return those of the reports in which ready steps stand about beside free slots."""
    idle = set[str]()
    for slot in SLOTS:
        free = [report["_id"] for report in reports if await _has_room(deps, report, slot)]
        idle |= await idle_ready_reports(deps.db, free, slot, deps.clock.now())
    return idle


async def _has_room(deps: Deps, report: Document, slot: Slot) -> bool:
    bound: int = (await deps.plans.get(report["plan"]))["bounds"][slot]
    return len(report["slots"][slot]) < bound


def _tokens(report: Document) -> Iterator[tuple[Slot, str]]:
    for slot in SLOTS:
        for token in report["slots"][slot]:
            yield slot, token
