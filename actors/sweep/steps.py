"""Looks after steps: lapsed claims, missed advances, leftover slots."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

from actors.deps.process import Deps
from actors.messages import Post, resumed_post, send_all
from actors.products.slot_sets import SLOTS
from actors.reports.advance import advance_or_call, give_up
from actors.reports.resuming import resume
from actors.reports.slots import pump, queue_and_send
from actors.sweep.items import see_to_each
from infra.errors import TransientError
from infra.logs import log
from storage.claims import expire_step, lapsed_claims
from storage.grouping import by_id
from storage.queueing import new_message
from storage.records.plans import Slot
from storage.records.work import Report, Step, Worker
from storage.slots import pull_tokens, running_reports
from storage.steps import idle_ready_reports, slot_holders, unadvanced_steps

#: The number of processes that a step took with it after which it counts as poison.
_MAX_KILLS = 8
_BATCH = 500
#: One step's share of a round: finishing a report asks S3, which may hang.
_STEP_S = 5.0
#: The time that a ready step may stand before the sweep queues it. The process that readied it comes first.
_IDLE = timedelta(seconds=5)
#: The number of reports that are looked at in one round: some tens of commands, however many reports there are. A
#: thousand are gone through in 20 s, and a slot that a crash left over delays only its own report meanwhile.
_PAGE = 100


async def expire_lapsed_claims(deps: Deps) -> None:
    """Take steps from holders whose time is over (T14x)."""
    await _expire(deps, await lapsed_claims(deps.db, deps.clock.now(), _BATCH), kills=1)


async def take_from(deps: Deps, worker: Worker, held: Sequence[Step]) -> None:
    """Take from a dead worker the steps that it held when it was looked at (T14x).

    A worker that had been told to end was killed by its platform, not by a step.
    """
    await _expire(deps, held, kills=0 if worker.get("ending") else 1)


async def _expire(deps: Deps, steps: Sequence[Step], *, kills: int) -> None:
    """Queue claimed steps again. A step is dead if it kills every process that takes it (T14x).

    All are taken first and sent then: sending needs Redis, which may be away.
    """
    posts: list[Post] = []

    async def expire(step: Step) -> None:
        message = new_message()
        if step["kills"] + kills >= _MAX_KILLS:
            reason = f"{_MAX_KILLS} processes died or ran out of time while they held it."
            await give_up(deps, step, step["epoch"], reason)
        elif await expire_step(deps.db, step, message, deps.clock.now(), kills=kills):
            log.warning("claim_expired", order=step["order"], step=step["_id"], kills=step["kills"] + kills)
            posts.append(resumed_post(step, message))

    await see_to_each(deps, steps, expire)
    await send_all(deps, posts)


async def advance_missed_steps(deps: Deps) -> None:
    """Advance steps that finished but were never advanced. One that fails does not keep the others."""

    async def advance(step: Step) -> None:
        try:
            async with asyncio.timeout(_STEP_S):
                await advance_or_call(deps, step)
        except (TransientError, TimeoutError) as error:
            log.warning("step_advances_later", step=step["_id"], error=str(error))

    await see_to_each(deps, await unadvanced_steps(deps.db, deps.clock.now(), _BATCH), advance)


class SlotHealer:
    """Healer that goes through the running reports, a page each time, and begins again after the last (T15).

    It takes leftover slots back, and queues ready steps that stand about.
    """

    def __init__(self) -> None:
        """Begin with the first report."""
        self._after = ""

    async def heal_page(self, deps: Deps) -> None:
        """Heal the next reports, so that a round takes as long with ten thousand as with a hundred."""
        reports = await running_reports(deps.db, self._after, _PAGE)
        self._after = reports[-1]["_id"] if len(reports) == _PAGE else ""
        if reports:
            await _heal(deps, reports)

    async def heal_all(self, deps: Deps) -> None:
        """Heal every report."""
        await self.heal_page(deps)
        while self._after:
            await self.heal_page(deps)


async def _heal(deps: Deps, reports: Sequence[Report]) -> None:
    """Take leftover slots back, queue released steps whose time has come, and offer free slots (T7, T8, T15)."""
    held: list[str] = []
    free: dict[Slot, list[str]] = {slot: [] for slot in SLOTS}

    async def look(report: Report) -> None:
        plan = await deps.plans.get(report["plan"] or "")
        held.extend(step_id for _, _, step_id, _ in _tokens(report))
        for slot in SLOTS:
            if len(report["slots"][slot]) < plan["bounds"][slot]:
                free[slot].append(report["_id"])

    sound = await see_to_each(deps, reports, look)
    holders = by_id(await slot_holders(deps.db, held))
    idle = set[str]()
    for slot in SLOTS:
        idle |= await idle_ready_reports(deps.db, free[slot], slot, deps.clock.now())

    async def heal(report: Report) -> None:
        if await _heal_report(deps, report, holders) or report["_id"] in idle:
            await pump(deps, report["_id"])
        elif not any(report["slots"].values()) and not report["replay"]:
            await resume(deps, report)

    await see_to_each(deps, sound, heal)


async def _heal_report(deps: Deps, report: Report, holders: dict[str, Step]) -> bool:
    """Take a report's leftover slots back. Returns whether there was one (T15)."""
    healed = False
    for slot, token, step_id, run in _tokens(report):
        step = holders.get(step_id)
        is_settled = step is not None and step["state"] in {"done", "dead"} and step.get("advanced") is True
        # One that is gone was removed with another plan (T17w), or came too late for it.
        if step is None or is_settled or step["run"] > run:
            await pull_tokens(deps.db, report["_id"], slot, [token])
            healed = True
        elif step["state"] == "ready" and step["due_at"] + _IDLE <= deps.clock.now():
            await queue_and_send(deps, [[step]])
    return healed


def _tokens(report: Report) -> Iterator[tuple[Slot, str, str, int]]:
    """Yield the tokens in a report's slots, each with its slot set, its step and the step's run."""
    for slot in SLOTS:
        for token in report["slots"][slot]:
            step_id, _, run = token.rpartition("@")
            yield slot, token, step_id, int(run)
