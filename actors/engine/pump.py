"""T7 and T8: free slots are offered to ready steps, and who has one is queued."""

from collections.abc import Sequence

from actors.deps import Deps
from actors.engine.sending import new_message_id, send_all, step_post
from actors.engine.slots import SLOTS, slot_of, token_of
from storage.database import Document
from storage.reports import find_report
from storage.slots import Slot, free_slot, hand_over_slot, reserve_slots
from storage.steps import find_step, first_ready, queue_steps

#: Two pumps of one report at once may see the same free slots: who comes too late looks again.
_LOOKS = 5


async def pump(deps: Deps, report_id: str) -> None:
    """Offer the free slots of a report to its ready steps, in plan order."""
    for slot in SLOTS:
        await _fill(deps, report_id, slot)


async def _fill(deps: Deps, report_id: str, slot: Slot) -> None:
    for _ in range(_LOOKS):
        if await _fill_once(deps, report_id, slot):
            break


async def _fill_once(deps: Deps, report_id: str, slot: Slot) -> bool:
    """Fill one slot set; False if somebody else did meanwhile, so that it must be looked at again."""
    report = await find_report(deps.db, report_id)
    if report is None or report["state"] != "running" or report["replay"] is not None or report["stopped"]:
        return True
    bound = (await deps.plans.get(report["plan"]))["bounds"][slot]
    held, now = set(report["slots"][slot]), deps.clock.now()
    if len(held) >= bound:
        return True
    if slot in report["gap_until"] and report["gap_until"][slot] > now:
        return True
    # A released step is ready too, and has its slot: who released it queues it again, or the sweep.
    ready = await first_ready(deps.db, report_id, slot, bound)
    steps = [step for step in ready if token_of(step) not in held and step["due_at"] <= now][: bound - len(held)]
    if not steps:
        return True
    if not await reserve_slots(deps.db, report_id, slot, [token_of(step) for step in steps], bound, now):
        return False
    await queue_and_send(deps, steps)
    return True


async def offer(deps: Deps, plan: Document, step: Document) -> None:
    """Queue a step that has just become ready, if a slot is free; else who frees the next one takes it."""
    slot = slot_of(step)
    bound = plan["bounds"][slot]
    if await reserve_slots(deps.db, step["report"], slot, [token_of(step)], bound, deps.clock.now()):
        await queue_and_send(deps, [step])


async def pass_on(deps: Deps, plan: Document, step: Document) -> None:
    """Give the slot of a settled step to the next ready one, or back."""
    report, slot = step["report"], slot_of(step)
    scarce = sum(slot_of(other) == slot for other in plan["steps"].values()) > plan["bounds"][slot]
    if scarce and await _hand_over(deps, step, slot):
        return
    await free_slot(deps.db, report, slot, token_of(step), None)
    # Freed first, then looked: whoever becomes ready in between sees a free slot, or is seen.
    if scarce and await first_ready(deps.db, report, slot, 1):
        await _fill(deps, report, slot)


async def _hand_over(deps: Deps, step: Document, slot: Slot) -> bool:
    report, now = step["report"], deps.clock.now()
    for following in await first_ready(deps.db, report, slot, 1):
        due = following["due_at"] <= now
        if due and await hand_over_slot(deps.db, report, slot, token_of(step), token_of(following), now):
            await queue_and_send(deps, [following])
            return True
    return False


async def queue_released(deps: Deps, step_id: str) -> None:
    """T8, for a step that was released and has kept its slot."""
    step = await find_step(deps.db, step_id)
    if step is not None and step["state"] == "ready":
        await queue_and_send(deps, [step])


async def queue_and_send(deps: Deps, steps: Sequence[Document]) -> None:
    """T8: queue ready steps that have a slot, and wake workers. A message too many does no harm."""
    seen = [(step, new_message_id()) for step in steps]
    if await queue_steps(deps.db, seen, deps.clock.now()):
        await send_all(deps, [step_post(step, message) for step, message in seen])
