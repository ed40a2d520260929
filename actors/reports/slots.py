"""T7 and T8: slots that come back or are free go to ready steps, and who has one is queued.

Chapters that are ready together go as a batch: under one message, in the slot of the first of them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from actors.deps.process import Deps
from actors.messages import send_all, step_post
from actors.products.slot_sets import SLOTS, slot_of, token_of
from storage.database import Document
from storage.queueing import Batch, is_first, queue_batches
from storage.reports import find_report
from storage.slots import Slot, may_queue, swap_slots
from storage.steps import find_step, first_ready

#: Of several processes that share a report's slots at once, one succeeds and the others look again: so many times,
#: then the sweep heals what is left.
_LOOKS = 10
#: Chapters that are set under one message: their share of its claims, looks and messages is small then, and what a
#: kill takes with it is still set in less than a second.
_MOST_IN_BATCH = 8


class _Share(NamedTuple):
    """What becomes of one slot set: who holds it now, who is new among them, and what else must follow."""

    held: list[str]
    given_back: bool
    first: list[Batch]
    gap_until: datetime | None
    look_again: bool


async def pump(
    deps: Deps, report_id: str, settled: Sequence[Document] = (), readied: Collection[Slot] = tuple(SLOTS)
) -> None:
    """Take back the slots of settled steps, and offer what is free to ready ones in plan order.

    `readied` names the slot sets in which steps became ready; where there are more steps than slots some may stand
    ready anyway.
    """
    for _ in range(_LOOKS):
        if await _share_out(deps, report_id, settled, readied):
            break


async def _share_out(deps: Deps, report_id: str, settled: Sequence[Document], readied: Collection[Slot]) -> bool:
    """Share the slots out once; False if it must be looked at again."""
    report = await find_report(deps.db, report_id)
    if report is None or report["plan"] is None:
        return True
    shares = {slot: await _share(deps, report, slot, settled, readied) for slot in SLOTS}
    first = [batch for share in shares.values() for batch in share.first]
    slots = {slot: share.held for slot, share in shares.items() if share.given_back or share.first}
    gaps = {slot: share.gap_until for slot, share in shares.items() if share.gap_until is not None}
    if slots and not await swap_slots(deps.db, report, slots, gaps, queueing=bool(first)):
        return False
    await queue_and_send(deps, first)
    return not any(share.look_again for share in shares.values())


async def _share(
    deps: Deps, report: Document, slot: Slot, settled: Sequence[Document], readied: Collection[Slot]
) -> _Share:
    plan, now = await deps.plans.get(report["plan"]), deps.clock.now()
    bound, gap_s = plan["bounds"][slot], plan["gap_s"][slot]
    over = {token_of(step) for step in settled if slot_of(step) == slot}
    kept = [token for token in report["slots"][slot] if token not in over]
    given_back = len(kept) < len(report["slots"][slot])
    if given_back and gap_s:
        return _Share(kept, given_back, [], now + timedelta(seconds=gap_s), look_again=False)
    scarce = sum(slot_of(step) == slot for step in plan["steps"].values()) > bound
    room = bound - len(kept) if (scarce or slot in readied) and may_queue(report, slot, now) else 0
    first = await _first_idle(deps, report, slot, room)
    # Given back first, then looked: whoever becomes ready in between sees a free slot, or is seen.
    look_again = scarce and given_back and len(first) < room
    return _Share(kept + [token_of(batch[0]) for batch in first], given_back, first, None, look_again)


async def _first_idle(deps: Deps, report: Document, slot: Slot, room: int) -> list[Batch]:
    """Return the first ready and due steps without a slot, as many batches as there is room for."""
    if room <= 0:
        return []
    # A released step is ready too, and has its slot: who released it queues it again, or the sweep.
    held, now = report["slots"][slot], deps.clock.now()
    most = room * _MOST_IN_BATCH if slot == "render" else room
    ready = await first_ready(deps.db, report["_id"], slot, most + len(held))
    return _batches([step for step in ready if token_of(step) not in held and step["due_at"] <= now])[:room]


def _batches(steps: Sequence[Document]) -> list[Batch]:
    """Divide steps in their order: chapters that follow one another share a batch, any other step is alone."""
    batches: list[Batch] = []
    for step in steps:
        if batches and len(batches[-1]) < _MOST_IN_BATCH and _bears_company(batches[-1][0], step):
            batches[-1] = [*batches[-1], step]
        else:
            batches.append([step])
    return batches


def _bears_company(*steps: Document) -> bool:
    """Return whether steps are chapters of one run that have never failed: others are tried alone."""
    alike = len({step["run"] for step in steps}) == 1
    return alike and all(step["kind"] == "render" and not step["fails"] + step["kills"] for step in steps)


async def queue_released(deps: Deps, released: Document) -> None:
    """T8, for a step that was released and has kept its slot, unless a replay has taken it since.

    One that was in the slot of another, the first of its batch, waits for one of its own.
    """
    step = await find_step(deps.db, released["_id"])
    if step is None or step["state"] != "ready" or step["run"] != released["run"]:
        return
    if is_first(step):
        await queue_and_send(deps, [[step]])
    else:
        await pump(deps, step["report"])


async def queue_and_send(deps: Deps, batches: Sequence[Batch]) -> None:
    """T8: queue ready steps that have a slot, and wake workers. A message too many does no harm."""
    if batches:
        message = await queue_batches(deps.db, batches, deps.clock.now())
        await send_all(deps, [step_post(batch[0], message) for batch in batches])
