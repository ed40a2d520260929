"""A poisonous document does not keep a duty from all others: it is brought before an operator."""

import pytest

from actors.deps.process import Deps
from actors.sweep.steps import SlotHealer
from storage.database import Document
from storage.records.orders import Order
from tests.actors.builders import alerts, begun, messages, place, present, report_of, state, steps, sweep
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def told(deps: Deps, order: str) -> list[str]:
    """Return what an operator is told of an order."""
    return [alert["text"] async for alert in deps.db.alerts.find({"kind": "sweep", "order": order})]


@pytest.mark.parametrize("change", [{"$set": {"kind": "sing", "slot": "song"}}, {"$unset": {"queued_at": ""}}])
async def test_a_step_that_no_version_knows_stops_no_other(
    deps: Deps, clock: StoppedClock, change: Document
) -> None:
    """Lost messages are sent again around it, round after round, and it is told once."""
    odd, well = await begun(deps), await begun(deps)
    await deps.db.steps.update_many({"order": odd, "kind": "write"}, change)
    deps.broker.client.flushdb()
    for _ in range(3):
        clock.forward(5)
        await sweep(deps)
    assert {message["kwargs"]["order"] for message in messages(deps)} == {well}
    texts = await told(deps, odd)
    assert len(texts) == 1
    assert "KeyError" in texts[0]


async def test_claims_of_an_unknown_kind_keep_no_others(deps: Deps, clock: StoppedClock) -> None:
    """What their holders have lost goes to other workers."""
    odd, well = await begun(deps), await begun(deps)
    claimed = {"state": "claimed", "due_at": clock.now(), "claim": {"worker": "w", "token": "t"}}
    await deps.db.steps.update_many({"order": {"$in": [odd, well]}, "kind": "write"}, {"$set": claimed})
    await deps.db.steps.update_many({"order": odd, "kind": "write"}, {"$set": {"kind": "sing", "slot": "song"}})
    clock.forward(6)
    await sweep(deps)
    assert {step["state"] for step in await steps(deps, well, "write")} == {"queued"}


async def test_a_report_without_its_plan_keeps_no_slot_of_others(deps: Deps, clock: StoppedClock) -> None:
    """Leftover slots are taken back around it."""
    odd, well = await begun(deps), await begun(deps)
    await deps.db.reports.update_one({"order": odd}, {"$set": {"plan": "none", "slots.write": ["odd"]}})
    (section, *_) = await steps(deps, well, "write")
    settled = {"state": "done", "result": {}, "advanced": True}
    await deps.db.steps.update_one({"_id": section["_id"]}, {"$set": settled})
    await SlotHealer().heal_all(deps)
    assert len((await report_of(deps, well))["slots"]["write"]) == 3
    assert len(await told(deps, odd)) == 1


async def test_an_order_with_an_odd_errand_keeps_no_other_from_its_own(deps: Deps, clock: StoppedClock) -> None:
    """Its time is no time, and the errands of the others are asked for all the same."""
    order: Order = await place(deps, metadata={"product": "life_clarity", "name": "Ada"})
    odd = {**order, "_id": "cs_odd", "token": "odd", "errands": {"ask_details": "soon"}, "errands_at": clock.now()}
    await deps.db.orders.insert_one(odd)  # type: ignore[arg-type]
    deps.broker.client.flushdb()
    clock.forward(20)
    await sweep(deps)
    assert "ask_details" in {message["actor_name"] for message in messages(deps, "bundle")}
    assert await alerts(deps, "sweep") == 1


async def test_a_report_in_which_nothing_moves_goes_on(deps: Deps) -> None:
    """A step that waits though all that it needs is done is made ready, though no slot or mark tells of it."""
    order = await begun(deps)
    done = {"state": "done", "result": {}, "advanced": True}
    await deps.db.steps.update_many({"order": order, "kind": "write"}, {"$set": done, "$unset": {"due_at": ""}})
    await deps.db.reports.update_one({"order": order}, {"$set": {"slots.write": []}})
    await sweep(deps)
    (chapter, *_) = await steps(deps, order, "render")
    assert (await state(deps, chapter))["state"] == "queued"
    assert (await present(deps, order))["attention"] is None


async def test_a_report_that_cannot_go_on_is_an_operators(deps: Deps) -> None:
    """A step that needs what is not there would wait for ever, in silence."""
    order = await begun(deps)
    await deps.db.steps.delete_many({"order": order, "kind": "write"})
    await deps.db.reports.update_one({"order": order}, {"$set": {"slots.write": []}})
    await sweep(deps)
    assert "stands still" in ((await present(deps, order))["attention"] or "")
