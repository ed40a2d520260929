"""T15: slots that are held by nothing: of settled steps, or of an older run."""

from collections.abc import Iterator

from actors.advance import pump
from actors.deps import Deps
from storage.database import Document
from storage.reports import Slot, pull_tokens, running_reports
from storage.steps import runs_and_ends

_SLOTS: tuple[Slot, ...] = ("write", "render")


async def heal_slots(deps: Deps) -> None:
    """Take leftover slots back and offer them anew."""
    reports = await running_reports(deps.db)
    ids = [token.rpartition("@")[0] for report in reports for _, token in _tokens(report)]
    steps = {step["_id"]: step for step in await runs_and_ends(deps.db, ids)} if ids else {}
    for report in reports:
        for slot, token in _tokens(report):
            if _is_leftover(token, steps):
                await pull_tokens(deps.db, report["_id"], slot, [token])
                await pump(deps, report["_id"])


def _tokens(report: Document) -> Iterator[tuple[Slot, str]]:
    for slot in _SLOTS:
        for token in report["slots"][slot]:
            yield slot, token


def _is_leftover(token: str, steps: dict[str, Document]) -> bool:
    step_id, _, run = token.rpartition("@")
    step = steps.get(step_id)
    if step is None:
        return False
    return step["run"] > int(run) or (step["state"] in {"done", "dead"} and step.get("advanced") is True)
