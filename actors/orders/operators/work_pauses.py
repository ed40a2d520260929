"""Pauses of the work of a product, a tenant or the LLM's provider, until an end, on an operator's word.

Orders are taken and confirmed meanwhile, and what is in the air is finished. Nothing else is begun.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from actors.deps.process import Deps
from actors.orders.promise import promised_at
from actors.products.catalogue import PRODUCTS
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.orders import find_orders
from storage.work_pauses import (
    PROVIDER,
    drop_work_pause,
    end_work_pause,
    find_work_pauses,
    keep_work_pause,
    unfinished_reports,
    wake_put_off,
)

#: The longest that a pause lasts unless it is begun anew: nobody shall forget one.
LONGEST = timedelta(days=7)
#: The most reports of each state that are counted.
_MOST = 5000
#: The work that is woken in one round: as much as the sweep sends again in one.
_AT_ONCE = 500


class PauseCannotBe(PressroomError):
    """The subject does not exist, the end is out of range, or there is no such pause."""


class Effect(NamedTuple):
    """What a pause does to promises: the unfinished orders, and those of them late, now and by its end."""

    orders: int
    late: int
    late_by_then: int
    #: There are more than were counted.
    more: bool

    def __str__(self) -> str:
        """Return it in words."""
        least = "At least " if self.more else ""
        return (
            f"{least}{self.orders} orders under way wait, and so does each that comes in. "
            f"Past their promise: {self.late} now, {self.late_by_then} at its end."
        )


def subjects(deps: Deps) -> list[str]:
    """Return what can be paused."""
    return [PROVIDER, *(f"product:{name}" for name in PRODUCTS), *(f"tenant:{name}" for name in deps.tenants)]


async def effect_of(deps: Deps, subject: str, until: datetime) -> Effect:
    """Return what a pause would do. PauseCannotBe if there can be no such pause."""
    _expect_possible(deps, subject, until)
    now, reports = deps.clock.now(), await unfinished_reports(deps.db, subject, _MOST)
    orders = await find_orders(deps.db, sorted({report["order"] for report in reports}))
    promises = [at for order in orders if (at := promised_at(order)) is not None]
    return Effect(
        len(orders), sum(at <= now for at in promises), sum(at <= until for at in promises), len(reports) >= _MOST
    )


async def pause_work(deps: Deps, subject: str, until: datetime, authority: Authority) -> None:
    """Pause the work of a subject, or give its pause another end. PauseCannotBe if that cannot be."""
    _expect_possible(deps, subject, until)
    now = deps.clock.now()
    await record_action(deps.db, authority, "paused", None, f"{subject} until {until.isoformat()}", now)
    who, reason = authority
    await keep_work_pause(deps.db, {"_id": subject, "who": who, "reason": reason, "at": now, "until": until})


async def resume_work(deps: Deps, subject: str, authority: Authority) -> None:
    """End a pause before its time. The sweep wakes its work. PauseCannotBe if none holds."""
    now = deps.clock.now()
    if not await end_work_pause(deps.db, subject, now):
        raise PauseCannotBe(f"{subject} is not paused.")
    await record_action(deps.db, authority, "resumed", None, subject, now)


async def wake_paused_work(deps: Deps) -> None:
    """Wake some of the work of each pause that is over, and forget those without any. Safe to repeat."""
    now = deps.clock.now()
    for pause in await find_work_pauses(deps.db):
        if pause["until"] <= now and not await wake_put_off(deps.db, pause, now, _AT_ONCE):
            await drop_work_pause(deps.db, pause["_id"], now)


def _expect_possible(deps: Deps, subject: str, until: datetime) -> None:
    if subject not in subjects(deps):
        raise PauseCannotBe(f"There is no {subject!r} to pause; there are {', '.join(subjects(deps))}.")
    if not timedelta() < until - deps.clock.now() <= LONGEST:
        raise PauseCannotBe(f"A pause ends in the future, and within {LONGEST.days} days.")
