"""Puts off work that a pause of its product, its tenant or the provider holds back."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from actors.deps.process import Deps
from storage.database import Database
from storage.records.work import WorkPause
from storage.work_pauses import find_work_pauses, holding

PutOff = Callable[[Database, str, datetime], Awaitable[None]]


async def is_put_off(deps: Deps, work_id: str, tenant: str, kind: str, put_off: PutOff) -> bool:
    """Return whether queued work is held back by a pause. If so, `put_off` has left it until the pause's end."""
    _, product, *_ = work_id.split(":")

    def held(pauses: list[WorkPause]) -> WorkPause | None:
        return holding(pauses, product, tenant, kind, deps.clock.now())

    pause = held(await deps.recent_pauses.get(deps.clock, partial(find_work_pauses, deps.db)))
    if pause is None:
        return False
    await put_off(deps.db, work_id, pause["until"])
    # It is written first, then read: an operator may end the pause at this moment, or move its end.
    still = held(await find_work_pauses(deps.db))
    if still != pause:
        await put_off(deps.db, work_id, still["until"] if still else deps.clock.now())
    return True
