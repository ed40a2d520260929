"""Admission: a tenant with a limit has so many reports in progress, and only its own others wait (T4)."""

from collections.abc import Sequence

from actors.deps.intake import IntakeDeps
from actors.messages import Post, begin_post
from storage.records.work import Report
from storage.reports import begin_message
from storage.tenants import admit_report, first_waiting, leave_places, take_place


async def admit_waiting(deps: IntakeDeps, tenant: str) -> list[Post]:
    """Give a tenant's free places to its reports that have waited longest.

    Returns the messages that begin them.
    """
    limit = deps.tenants.of(tenant).limit
    waiting = await first_waiting(deps.db, tenant, limit or _AT_ONCE)
    posts: list[Post] = []
    for report in waiting:
        if limit is not None and not await take_place(deps.db, tenant, report["_id"], limit):
            break
        posts += await admit(deps, report)
    return posts


async def admit(deps: IntakeDeps, report: Report) -> list[Post]:
    """Queue a report that has its place. Returns the message that begins it, unless another process sends it."""
    message = begin_message(report["_id"])
    if not await admit_report(deps.db, report["_id"], message, deps.clock.now()):
        return []
    return [begin_post({**report, "message": message})]


async def release_places(deps: IntakeDeps, tenant: str, reports: Sequence[str]) -> list[Post]:
    """Give back the places of reports that are in progress no more.

    Returns the messages that begin waiting ones.
    """
    await leave_places(deps.db, tenant, list(reports))
    return await admit_waiting(deps, tenant)


#: The most reports begun at once when a limit was lifted while they waited.
_AT_ONCE = 100
