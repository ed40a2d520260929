"""Puts off work that a pause of its product, tenant or provider holds back, and parks a stopped order's."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from actors.deps.process import Deps
from storage.database import Database
from storage.orders import find_order
from storage.records.orders import Order
from storage.records.work import WorkPause
from storage.work_pauses import find_work_pauses, holding

PutOff = Callable[[Database, str, datetime], Awaitable[None]]
#: Who parks something has looked at its order within this, or is dead.
_PARKING = timedelta(minutes=1)


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


async def park(deps: Deps, work_id: str, holds: Callable[[Order], bool], put_off: PutOff, leave: PutOff) -> None:
    """Park queued work of a stopped order, unless `holds` says of the order as it is now that it may go on.

    The work is put off first, and the order read then: what stopped it may end at this moment. Who sets it going
    again makes the work due, so that it is not left for good after that. What a dead worker put off comes again.
    """
    until = deps.clock.now() + _PARKING
    await put_off(deps.db, work_id, until)
    order = await find_order(deps.db, work_id.partition(":")[0])
    if order is None or holds(order):
        await leave(deps.db, work_id, until)
    else:
        await put_off(deps.db, work_id, deps.clock.now())
