"""T6: a done step unlocks exactly those that need nothing else, read from the plan."""

from typing import Any, cast

import pytest

from actors.reports.advance import ready_complete, ready_dependents
from storage.database import Database
from storage.records.plans import Plan
from storage.records.work import Step
from storage.steps import find_step, insert_steps
from tests.builders import a_step
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

REPORT = "cs_1:book"


def plan(**needs: tuple[str, ...]) -> Plan:
    """Return a plan of steps by what each needs."""
    steps = {key: {"key": key, "kind": "write", "needs": list(those)} for key, those in needs.items()}
    return cast("Plan", {"_id": "book-1", "steps": steps})


async def put(db: Database, key: str, **facts: Any) -> Step:
    """Insert a step of the report. Returns it."""
    needs = [f"{REPORT}:{need}" for need in facts.pop("needs", ())]
    one = a_step(key, REPORT, **{"kind": "write", "slot": "write", "needs": needs, **facts})
    await insert_steps(db, [one])
    return one


async def state(db: Database, key: str) -> str:
    """Return the state of a step."""
    found = await find_step(db, f"{REPORT}:{key}")
    assert found is not None
    return str(found["state"])


async def test_a_step_that_needs_one_is_ready_after_it(db: Database, clock: StoppedClock) -> None:
    """Each step that needs only the done one is readied, and nobody else."""
    shape = plan(a=(), b=("a",), c=("a",), d=("b",))
    done = await put(db, "a", state="done")
    for key, need in (("b", "a"), ("c", "a"), ("d", "b")):
        await put(db, key, state="waiting", needs=(need,))
    assert await ready_dependents(db, shape, [done], clock.now()) == {"write"}
    assert [await state(db, key) for key in "bcd"] == ["ready", "ready", "waiting"]
    assert await ready_dependents(db, shape, [done], clock.now()) == set()


async def test_steps_that_end_together_ready_what_needs_them_all(db: Database, clock: StoppedClock) -> None:
    """What each of several done steps unlocks is readied, and so is what only all of them do."""
    shape = plan(a=(), b=(), c=("a",), d=("a", "b"), e=("b", "c"))
    done = [await put(db, key, state="done") for key in "ab"]
    for key, needs in (("c", ("a",)), ("d", ("a", "b")), ("e", ("b", "c"))):
        await put(db, key, state="waiting", needs=needs)
    assert await ready_dependents(db, shape, done, clock.now()) == {"write"}
    assert [await state(db, key) for key in "cde"] == ["ready", "ready", "waiting"]


async def test_a_step_waits_for_the_last_of_its_needs(db: Database, clock: StoppedClock) -> None:
    """A need that is not done, or not even inserted yet, keeps a step waiting."""
    shape = plan(a=(), b=(), c=("a", "b"))
    done = await put(db, "a", state="done")
    await put(db, "c", state="waiting", needs=("a", "b"))
    assert await ready_dependents(db, shape, [done], clock.now()) == set()
    other = await put(db, "b", state="done")
    assert await ready_dependents(db, shape, [other], clock.now()) == {"write"}
    assert await state(db, "c") == "ready"


async def test_a_step_with_many_needs_waits_for_the_last(db: Database, clock: StoppedClock) -> None:
    """So does one with so many needs that they are counted before they are read."""
    keys = [f"s{number}" for number in range(30)]
    shape = plan(**dict.fromkeys(keys, ()), book=tuple(keys))
    done = [await put(db, key, state="done") for key in keys[:-1]]
    await put(db, "book", state="waiting", needs=tuple(keys))
    assert await ready_dependents(db, shape, done[:1], clock.now()) == set()
    last = await put(db, keys[-1], state="done")
    assert await ready_dependents(db, shape, [last], clock.now()) == {"write"}
    assert await state(db, "book") == "ready"


async def test_many_needs_of_both_kinds_are_all_waited_for(db: Database, clock: StoppedClock) -> None:
    """Sections and a computed text that one chapter holds are counted each among their own."""
    keys = [f"s{number}" for number in range(25)]
    shape = plan(**dict.fromkeys(keys, ()), told=(), book=(*keys, "told"))
    shape["steps"]["told"]["kind"] = "compute"
    for key in keys[:-1]:
        await put(db, key, state="done")
    await put(db, "told", state="done", kind="compute", slot="render")
    await put(db, "book", state="waiting", needs=(*keys, "told"))
    last = await put(db, keys[-1], state="done")
    assert await ready_dependents(db, shape, [last], clock.now()) == {"write"}
    assert await state(db, "book") == "ready"


async def test_a_replayed_step_waits_for_its_new_need(db: Database, clock: StoppedClock) -> None:
    """What was done in an older run unlocks nothing that a replay has reset, until it is done again."""
    shape = plan(a=(), b=("a",))
    old: Step = {**await put(db, "a", state="ready", run=2), "run": 1}
    await put(db, "b", state="waiting", needs=("a",), run=2)
    assert await ready_dependents(db, shape, [old], clock.now()) == set()
    assert await state(db, "b") == "waiting"


async def test_what_waits_for_nothing_more_is_readied_at_once(db: Database, clock: StoppedClock) -> None:
    """Of several waiting steps those are readied whose needs are all done, whoever did them."""
    await put(db, "a", state="done")
    for key, need in (("b", "a"), ("c", "gone")):
        await put(db, key, state="waiting", needs=(need,))
    ids = [f"{REPORT}:{key}" for key in "abc"]
    assert [one["_id"] for one in await ready_complete(db, ids, clock.now())] == [f"{REPORT}:b"]
