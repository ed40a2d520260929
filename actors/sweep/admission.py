"""T4, after a crash: places that nobody needs go to those who wait, and who has one is begun."""

from actors.deps.process import Deps
from actors.messages import Post, send_all
from actors.reports.admission import admit, admit_waiting, leave
from storage.database import Document
from storage.reports import find_reports
from storage.steps import has_live_steps
from storage.tenants import places_taken, tenants_waiting


async def admit_in_turn(deps: Deps) -> None:
    """Heal the places of every tenant, and begin what may begin."""
    posts: list[Post] = []
    for tenant in await places_taken(deps.db):
        posts += await _heal(deps, tenant)
    for waiting in await tenants_waiting(deps.db):
        posts += await admit_waiting(deps, waiting)
    await send_all(deps, posts)


async def _heal(deps: Deps, tenant: Document) -> list[Post]:
    posts: list[Post] = []
    found = {report["_id"]: report for report in await find_reports(deps.db, tenant["reports"])}
    over = [report for report in tenant["reports"] if await _is_over(deps, found.get(report))]
    for report in found.values():
        if report["state"] == "waiting":
            posts += await admit(deps, report)
    return posts + (await leave(deps, tenant["_id"], over) if over else [])


async def _is_over(deps: Deps, report: Document | None) -> bool:
    """Whether a report is in progress no more; one whose steps are dead, or wait for such, is an operator's."""
    if report is None or report["state"] in {"stored", "dead"} or report["stopped"]:
        return True
    idle = report["state"] == "running" and not any(report["slots"].values())
    return idle and not await has_live_steps(deps.db, report["_id"])
