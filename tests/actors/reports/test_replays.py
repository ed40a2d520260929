"""Replays of steps, which a crash may interrupt and two operators may ask for."""

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.operators.dead_letters import resolve_dead_letter
from actors.reports.advance import give_up
from actors.reports.begin_report import begin_report
from actors.reports.replay import ReplayIsImpossible, finish_replay, replay
from storage.audit import Authority
from storage.dead_letters import dead_letters
from storage.endings import begin_replay
from storage.orders import OrderDoesNotExist
from storage.reports import report_id
from storage.steps import find_step
from tests.actors.builders import (
    BOOK,
    ORDER,
    begun,
    finish,
    messages,
    place,
    placed,
    present,
    report_of,
    state,
    steps,
    sweep,
    working,
)
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before

pytestmark = pytest.mark.anyio


async def test_an_interrupted_replay_is_finished(deps: Deps, clock: StoppedClock) -> None:
    """A crash right after a replay was written down loses none of it: the sweep has it resumed."""
    order = await begun(deps)
    written = (await steps(deps, order, "write"))[0]
    await finish(deps, written, advanced=True)
    assert await begin_replay(deps.db, order, {"product": BOOK, "run": 2, "steps": [written["_id"]]}, clock.now())
    clock.forward(15)
    await sweep(deps)
    assert [one["actor_name"] for one in messages(deps, "bundle")] == ["resume_replay"]
    interrupted = await present(deps, order)
    await finish_replay(deps, interrupted)
    again = await state(deps, written)
    found = await present(deps, order)
    assert (again["state"], again["run"]) == ("queued", 2)
    assert "resume_replay" not in found["errands"]
    assert {step["run"] for step in await steps(deps, order, "assemble")} == {2}
    assert {step["run"] for step in (await steps(deps, order, "write"))[1:]} == {1}


async def test_a_replay_of_a_report_whose_start_was_taken_back_starts_it(deps: Deps, clock: StoppedClock) -> None:
    """An election may take the start back once the replay was written down, and another one is possible later."""
    order = await begun(deps)
    first = (await steps(deps, order, "write"))[0]["_id"]
    assert await begin_replay(deps.db, order, {"product": BOOK, "run": 2, "steps": [first]}, clock.now())
    taken_back = {"$set": {"state": "queued", "planned": False, "slots": {"write": [], "render": []}}}
    await deps.db.reports.update_one({"_id": report_id(order, BOOK)}, taken_back)
    await finish_replay(deps, await present(deps, order))
    await replay(deps, order, BOOK, [first])
    report = await report_of(deps, order)
    assert (report["state"], report["run"], report["replay"]) == ("running", 3, None)


async def test_a_replay_waits_for_needs_that_are_not_done(deps: Deps, clock: StoppedClock) -> None:
    """A replayed step whose needs are still being made waits for them, and is not made from nothing."""
    order = await begun(deps)
    chapter = (await steps(deps, order, "render"))[0]
    await replay(deps, order, BOOK, [chapter["_id"]])
    again = await state(deps, chapter)
    assert (again["state"], again["run"]) == ("waiting", 2)


async def test_who_wakes_at_the_end_of_a_replay_does_not_end_that_of_another_report(
    deps: Deps, clock: StoppedClock
) -> None:
    """Two reports of an order may come to the same run, and each has an intent of its own."""
    answers = {"name": "Ada", "question": "Whither?", "birth_date": "1990-12-31", "birth_place": "London"}
    order = await place(deps, metadata={"product": "bundle", **answers}, amount_subtotal=12900)
    other = order["products"][1]
    for product in (BOOK, other):
        await begin_report(deps, report_id(ORDER, product))

    async def replay_book(worker: WorkDeps, order: str) -> None:
        await replay(worker, order, BOOK, [f"{order}:{BOOK}:assemble"])

    async with frozen_before(5, replay_book, working(deps), ORDER):
        await finish_replay(deps, await present(deps))
        assert await begin_replay(
            deps.db, ORDER, {"product": other, "run": 2, "steps": [f"{ORDER}:{other}:assemble"]}, clock.now()
        )
    found = await present(deps)
    assert (found["replay"]["product"], "resume_replay" in found["errands"]) == (other, True)


async def test_an_order_that_does_not_exist_is_not_replayed(deps: Deps) -> None:
    """A replay of nothing says so."""
    with pytest.raises(OrderDoesNotExist):
        await replay(deps, "cs_none", BOOK, [])


async def test_a_report_without_steps_is_not_replayed(deps: Deps) -> None:
    """A replay between order and plan would begin a run that has no step, and the order would never end."""
    order = await placed(deps)
    with pytest.raises(ReplayIsImpossible):
        await replay(deps, order, BOOK, [f"{order}:{BOOK}:assemble"])
    assert (await present(deps, order))["run"] == {BOOK: 1}


async def test_one_of_two_operators_replays_a_dead_step(deps: Deps, clock: StoppedClock) -> None:
    """Who comes second finds the dead letter dealt with, and buys nothing again."""
    order = await begun(deps)
    first = (await steps(deps, order, "write"))[0]
    await give_up(deps, first, first["epoch"], "It failed.")
    letter = (await dead_letters(deps.db, limit=1))[0]
    await resolve_dead_letter(deps, letter["_id"], "replayed", Authority("a", "x"))
    await deps.db.dead_letters.update_one({"_id": letter["_id"]}, {"$set": {"state": "open"}})
    replayed = await find_step(deps.db, first["_id"])
    await resolve_dead_letter(deps, letter["_id"], "replayed", Authority("b", "x"))
    assert await find_step(deps.db, first["_id"]) == replayed
