"""Assigns free slots of a report to ready steps in plan order, and queues them (T7, T8).

Chapters that are ready together go as a batch: under one message, in the slot of the first of them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from actors.deps.process import Deps
from actors.messages import resumed_post, send_all, step_post
from actors.products.slot_sets import SLOTS, slot_of, token_of
from storage.queueing import Batch, is_first, queue_batches
from storage.records.plans import Plan, Slot
from storage.records.work import Report, Step
from storage.reports import find_report
from storage.slots import may_queue, swap_slots
from storage.steps import find_step, first_ready

#: Of several processes that share a report's slots at once, one succeeds and the others look again. After so many
#: looks the sweep heals the rest.
_LOOKS = 10
#: The most chapters that are set under one message. Its costs (claims, looks, messages) are then small for each,
#: and the chapters that a kill takes with it are still set in less than a second.
_MOST_IN_BATCH = 8


class _Share(NamedTuple):
    """Outcome for one slot set: the tokens that hold it from now on, and its consequences."""

    holders: list[str]
    #: Settled steps gave slots back.
    released: bool
    #: Each batch has taken a slot, and its token is among the holders.
    to_queue: list[Batch]
    #: The end of the pause that the pace asks for after a call.
    gap_until: datetime | None
    #: Steps that became ready meanwhile may have found no free slot.
    look_again: bool


async def pump(
    deps: Deps, report_id: str, settled: Sequence[Step] = (), readied: Collection[Slot] = tuple(SLOTS)
) -> None:
    """Take back the slots of settled steps, and offer free ones to ready steps in plan order (T7, T8).

    `readied` names the slot sets in which steps became ready. Where there are more steps than slots, some may
    stand ready anyway.
    """
    for _ in range(_LOOKS):
        if await _share_out(deps, report_id, settled, readied):
            break


async def _share_out(deps: Deps, report_id: str, settled: Sequence[Step], readied: Collection[Slot]) -> bool:
    """Share the slots out once, in one update of both sets. False if the caller must look again (T7)."""
    report = await find_report(deps.db, report_id)
    if report is None or report["plan"] is None:
        return True
    plan = await deps.plans.get(report["plan"])
    to_queue: list[Batch] = []
    slots: dict[Slot, list[str]] = {}
    gaps: dict[Slot, datetime] = {}
    look_again = False
    for slot in SLOTS:
        share = await _share(deps, report, plan, slot, settled, some_readied=slot in readied)
        to_queue += share.to_queue
        if share.released or share.to_queue:
            slots[slot] = share.holders
        if share.gap_until is not None:
            gaps[slot] = share.gap_until
        look_again = look_again or share.look_again
    if slots and not await swap_slots(deps.db, report, slots, gaps, queueing=bool(to_queue)):
        return False
    await queue_and_send(deps, to_queue)
    return not look_again


async def _share(
    deps: Deps, report: Report, plan: Plan, slot: Slot, settled: Sequence[Step], *, some_readied: bool
) -> _Share:
    """Find the steps that are to hold a report's slots of one set. Writes nothing."""
    now, before = deps.clock.now(), report["slots"][slot]
    given_back = {token_of(step) for step in settled}
    holders = [token for token in before if token not in given_back]
    released = len(holders) < len(before)
    gap_s = plan["gap_s"][slot]
    if released and gap_s:
        return _Share(holders, released, [], now + timedelta(seconds=gap_s), look_again=False)
    scarce = _is_scarce(plan, slot)
    free = plan["bounds"][slot] - len(holders)
    if not (scarce or some_readied) or not may_queue(report, slot, now):
        free = 0
    to_queue = await _next_batches(deps, report, slot, free)
    holders += [token_of(batch[0]) for batch in to_queue]
    # Given back first, then looked: a step that becomes ready in between sees a free slot, or is seen.
    look_again = scarce and released and len(to_queue) < free
    return _Share(holders, released, to_queue, None, look_again)


def _is_scarce(plan: Plan, slot: Slot) -> bool:
    """Return whether a set has fewer slots than steps, so that some of these may stand ready without one.

    An optimisation: where each step has a slot from the first, only the readied ones need to be looked for.
    """
    sharing = [step for step in plan["steps"].values() if slot_of(step) == slot]
    return bool(len(sharing) > plan["bounds"][slot])


async def _next_batches(deps: Deps, report: Report, slot: Slot, free: int) -> list[Batch]:
    """Return the first ready and due steps without a slot, as many batches as there are free slots."""
    if free <= 0:
        return []
    # A released step is ready too, and has its slot: the worker that released it queues it again, or the sweep.
    holders, now = report["slots"][slot], deps.clock.now()
    a_slot_takes = _MOST_IN_BATCH if slot == "render" else 1
    ready = await first_ready(deps.db, report["_id"], slot, free * a_slot_takes + len(holders))
    idle = [step for step in ready if step["due_at"] <= now and token_of(step) not in holders]
    return _batches(idle)[:free]


def _batches(steps: Sequence[Step]) -> list[Batch]:
    """Divide steps in their order. Chapters that follow one another share a batch, any other step is alone."""
    batches: list[Batch] = []
    for step in steps:
        if batches and len(batches[-1]) < _MOST_IN_BATCH and _bears_company(batches[-1][0], step):
            batches[-1] = [*batches[-1], step]
        else:
            batches.append([step])
    return batches


def _bears_company(first: Step, step: Step) -> bool:
    """Return whether two steps are chapters of one run that have never failed. Others are tried alone."""
    return first["run"] == step["run"] and _is_sound_chapter(first) and _is_sound_chapter(step)


def _is_sound_chapter(step: Step) -> bool:
    return bool(step["kind"] == "render" and step["fails"] == 0 and step["kills"] == 0)


async def queue_released(deps: Deps, released: Step, *, first: bool = False) -> None:
    """Queue a step that was released and has kept its slot, unless a replay has taken it since (T8).

    A step that was in the slot of another, the first of its batch, waits for one of its own. Any other goes before
    those that wait if `first`.
    """
    step = await find_step(deps.db, released["_id"])
    if step is None or step["state"] != "ready" or step["run"] != released["run"]:
        return
    if is_first(step):
        await queue_and_send(deps, [[step]], first=first)
    else:
        await pump(deps, step["report"])


async def queue_and_send(deps: Deps, batches: Sequence[Batch], *, first: bool = False) -> None:
    """Queue ready steps that hold a slot, and wake workers. A message too many does no harm (T8).

    They go before those that wait if `first`.
    """
    if batches:
        message = await queue_batches(deps.db, batches, deps.clock.now())
        post_of = resumed_post if first else step_post
        await send_all(deps, [post_of(batch[0], message) for batch in batches])
