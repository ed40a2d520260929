"""Rounds of the sweep that do not do all at once, so that nothing waits for them however much there is."""

import asyncio
from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from actors.sweep.steps import SlotHealer
from actors.sweep.sweep import sweep_for_ever
from storage.alerts import raise_alert
from storage.database import Document
from storage.objects import ObjectStore
from tests.actors.builders import begun, finish, messages, state, steps
from tests.actors.vendors import Silence
from tests.builders import a_report, a_step
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

#: One page of the sweep's, and half of one.
REPORTS = 150
LEFT = {"slots.write.0": {"$exists": True}}


class HangingStore(ObjectStore):
    """Store that takes every request and answers none."""

    async def copy(self, source: str, target: str) -> None:
        """Wait for ever."""
        del source, target
        await asyncio.Event().wait()


async def test_every_report_has_its_turn(deps: Deps) -> None:
    """A round heals one page of the running reports, the next one the others, and then the first ones again."""
    plan = await deps.plans.current(PRODUCTS["life_clarity"])
    running: Document = {"state": "running", "plan": plan["_id"], "slots": {"write": ["step@1"], "render": []}}
    await deps.db.steps.insert_one(a_step(_id="step", report="none", run=2, state="waiting"))
    for nth in range(REPORTS):
        await deps.db.reports.insert_one(a_report(f"cs_{nth:03}", **running))
    healer, left = SlotHealer(), []
    for _ in range(2):
        await healer.heal_page(deps)
        left.append(await deps.db.reports.count_documents(LEFT))
    assert left == [50, 0]
    await deps.db.reports.update_one({"_id": "cs_000:life_clarity"}, {"$set": running})
    await healer.heal_page(deps)
    assert await deps.db.reports.count_documents(LEFT) == 0


async def test_alerts_wait_for_no_other_duty(deps: Deps, clock: StoppedClock) -> None:
    """An operator hears of trouble while the sweep goes through many steps for which S3 does not answer."""
    assembly = (await steps(deps, await begun(deps), "assemble"))[0]
    await finish(deps, assembly, result={"object": "o", "key": "k"})
    done = await state(deps, assembly)
    await deps.db.steps.insert_many([{**done, "_id": f"{assembly['_id']}-{nth}"} for nth in range(20)])
    await raise_alert(deps.db, "k", "It broke.", clock.now(), order="cs_1")
    clock.forward(6)
    stopping, hanging = asyncio.Event(), HangingStore("pressroom", None)
    sweeping = asyncio.create_task(sweep_for_ever(replace(deps, objects=hanging), Silence(), 2.0, stopping))
    try:
        async with asyncio.timeout(30):
            while "tell_alert" not in {one["actor_name"] for one in messages(deps, "bundle")}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        stopping.set()
        await sweeping
