"""T6: what a done step unlocks. The plan says which steps follow it, so that none has to be searched for."""

from collections.abc import Sequence
from datetime import datetime

from actors.products.slot_sets import slot_of
from storage.database import Database, Document
from storage.slots import Slot
from storage.steps import count_done, done_among, ready_after, ready_steps, waiting_steps

#: Above this many needs, one count on an index tells first whether reading each of them is worth it.
_MANY = 20


async def ready_dependents(db: Database, plan: Document, done: Sequence[Document], now: datetime) -> set[Slot]:
    """Ready the steps that need some of one report that are done, and nothing that is not.

    Return the slot sets in which some became ready. Safe to do twice, or by two at once.
    """
    possible, readied = set[str](), set[Slot]()
    for step in done:
        following = [other for other in plan["steps"].values() if step["key"] in other["needs"]]
        alone = {_id_of(step, other): slot_of(other) for other in following if len(other["needs"]) == 1}
        if alone and await ready_after(db, list(alone), step["run"], now):
            readied |= set(alone.values())
        else:
            possible |= alone.keys()
        for other in following:
            if len(other["needs"]) > 1 and await _may_be_complete(db, plan, step, other):
                possible.add(_id_of(step, other))
    return readied | {slot_of(other) for other in await ready_complete(db, sorted(possible), now)}


async def ready_complete(db: Database, step_ids: Sequence[str], now: datetime) -> list[Document]:
    """Ready those of some steps that wait, and whose needs are all done; return them."""
    if not step_ids:
        return []
    # Seen before their needs are read: a replay in between gives them another epoch.
    waiting = await waiting_steps(db, step_ids)
    done = await done_among(db, {need for one in waiting for need in one["needs"]}) if waiting else set()
    complete = [one for one in waiting if done.issuperset(one["needs"])]
    await ready_steps(db, complete, now)
    return complete


async def _may_be_complete(db: Database, plan: Document, step: Document, candidate: Document) -> bool:
    """Return False only if something that the candidate needs is surely not done."""
    needs = [need for need in candidate["needs"] if slot_of(plan["steps"][need]) == slot_of(step)]
    if len(needs) <= _MANY:
        return True
    return await count_done(db, step["report"], slot_of(step)) >= len(needs)


def _id_of(step: Document, planned: Document) -> str:
    """Return the id of another step of the same report."""
    return f"{step['report']}:{planned['key']}"
