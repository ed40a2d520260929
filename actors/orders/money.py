"""Keeps the sums of money by day fresh: who looks has the stale ones made anew, and the sweep does so unasked."""

from datetime import datetime, timedelta

from actors.deps.process import Deps
from storage.day_sums import day_sums, days_before, sum_day
from storage.grouping import by_id
from storage.records.sums import DaySums

#: The most days that are looked back.
LONGEST = 366
#: The age at which sums are made anew: of the newest days, and of older ones, which refunds and disputes change.
_FRESH, _FRESH_OF_OLD = timedelta(minutes=15), timedelta(hours=12)
_NEW_DAYS = 2
#: The sweep comes this much earlier, so that nobody has to wait.
_AHEAD = timedelta(minutes=11)
#: The seconds of summing up that who looks waits for, and that the sweep takes in a round. What is left is next.
_LOOKING_S, _SWEEPING_S = 2.0, 20.0


async def sums_of(deps: Deps, days: int) -> list[DaySums]:
    """Return the sums of the last days, the newest first. Some may be stale, or missing, after a long time."""
    sums = await _freshen(deps, days, _LOOKING_S, timedelta())
    return sorted(sums.values(), key=lambda one: one["_id"], reverse=True)


async def keep_sums(deps: Deps) -> None:
    """Sum up the days whose sums are about to be stale."""
    await _freshen(deps, LONGEST, _SWEEPING_S, _AHEAD)


async def _freshen(deps: Deps, number: int, patience_s: float, ahead: timedelta) -> dict[str, DaySums]:
    now, began = deps.clock.now(), deps.clock.monotonic()
    days = days_before(now, number)
    sums = by_id(await day_sums(deps.db, days))
    for nth, day in enumerate(days):
        if deps.clock.monotonic() - began > patience_s:
            break
        if _is_stale(sums.get(day), now + ahead, _FRESH if nth < _NEW_DAYS else _FRESH_OF_OLD):
            sums[day] = await sum_day(deps.db, day, sums.get(day), now)
    return sums


def _is_stale(sums: DaySums | None, now: datetime, fresh: timedelta) -> bool:
    return sums is None or now - sums["as_of"] > fresh
