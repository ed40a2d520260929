"""T6: what a done step unlocks. The plan says which steps follow it, so that none has to be searched for."""

from collections.abc import Sequence
from datetime import datetime

from actors.engine.slots import slot_of_kind
from storage.database import Database, Document
from storage.steps import count_done, done_among, ready_after, ready_steps, waiting_steps

#: Above this many needs, one count on an index tells first whether reading each of them is worth it.
_MANY = 20


async def ready_dependents(db: Database, plan: Document, step: Document, now: datetime) -> list[Document]:
    """Ready the steps that need this one, which is done, and nothing that is not; return those it could have been.

    Safe to do twice, or by two at once. What is returned has each step's id, kind and run.
    """
    following = [other for other in plan["steps"].values() if step["key"] in other["needs"]]
    alone = [_step_of(step, other) for other in following if len(other["needs"]) == 1]
    others = [_step_of(step, other) for other in following if len(other["needs"]) > 1]
    readied = []
    if alone and await ready_after(db, _ids(alone), step["run"], now) == len(alone):
        readied += alone
    else:
        others += alone
    possible = [other for other in others if await _may_be_complete(db, step, other)]
    return readied + await ready_complete(db, _ids(possible), now)


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


async def _may_be_complete(db: Database, step: Document, candidate: Document) -> bool:
    """Return False only if something that the candidate needs is surely not done."""
    needs = candidate["needs"]
    if len(needs) <= _MANY:
        return True
    return await count_done(db, step["report"], slot_of_kind(step["kind"])) >= len(needs)


def _step_of(step: Document, planned: Document) -> Document:
    """Return what is known of another step of the same report without reading it."""
    shared = {key: step[key] for key in ("order", "report", "product", "tenant", "run")}
    needs = planned["needs"]
    return {"_id": f"{step['report']}:{planned['key']}", "kind": planned["kind"], "needs": needs, **shared}


def _ids(steps: Sequence[Document]) -> list[str]:
    return [step["_id"] for step in steps]
