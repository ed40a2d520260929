"""Messages that nobody of ours has sent: whoever can write to Redis fails no order, and has none forgotten."""

from datetime import timedelta
from inspect import unwrap
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.worker.actors import declare_actors
from infra.broker.broker import DeadMessage
from infra.broker.worker import consuming_broker
from storage.endings import mark_delivered
from storage.orders import find_order
from tests.actors.builders import BOOK, ORDER, place, placed, present, report_of, state, with_sections, working
from tests.actors.post import stored
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

BUNDLE = "bundle"


async def take(deps: Deps, queue: str, actor: str, **ids: str) -> None:
    """Have a worker of a queue take such a message."""
    broker = consuming_broker("redis://127.0.0.1:1/0", list[DeadMessage]().append)
    declare_actors(broker, queue, working(deps))
    run: Any = unwrap(broker.get_actor(actor).fn)
    await run(**ids)
    broker.client.close()


async def failures(deps: Deps) -> int:
    """Return the number of dead letters and alerts."""
    return await deps.db.dead_letters.count_documents({}) + await deps.db.alerts.count_documents({})


@pytest.mark.parametrize("report", [ORDER, f"{ORDER}:bogus1", f"{ORDER}:personal_blueprint", "cs_unknown:bogus1"])
async def test_a_report_that_an_order_does_not_have_fails_nothing(deps: Deps, report: str) -> None:
    """The order has no dead letter, no alert and no failure for it."""
    before = await place(deps)
    await take(deps, BOOK, "begin_report", report=report)
    assert (await find_order(deps.db, ORDER), await failures(deps)) == (before, 0)


async def test_a_report_that_is_made_is_not_given_up(deps: Deps) -> None:
    """Its product may be sold no more: whatever goes wrong then says nothing of a report that has come further."""
    await stored(deps)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"products": ["sold_no_more"]}})
    report: Any = {**await report_of(deps, ORDER), "_id": f"{ORDER}:sold_no_more"}
    await deps.db.reports.insert_one(report)
    await take(deps, BOOK, "begin_report", report=report["_id"])
    assert ((await present(deps))["failed_at"], await failures(deps)) == (None, 0)


async def test_a_step_is_performed_for_its_own_order_by_its_own_actor(deps: Deps) -> None:
    """Neither is a section written from another customer's answers, nor does it die of a printer."""
    _, (section, *_) = await with_sections(deps)
    other = await placed(deps)
    await take(deps, BOOK, "write_section", order=other, step=section["_id"])
    await take(deps, BOOK, "render_chunk", order=section["order"], step=section["_id"])
    assert (await state(deps, section), await failures(deps)) == (section, 0)


async def test_nobody_is_forgotten_before_the_time(deps: Deps, clock: StoppedClock) -> None:
    """The errand is put off to the time that it has."""
    order = await stored(deps)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"letter": "completion"}})
    await mark_delivered(deps.db, ORDER, clock.now(), clock.now() + timedelta(days=30))
    await take(deps, BUNDLE, "forget_order", order=ORDER)
    assert (await present(deps))["answers"] == order["answers"]
    clock.forward(30 * 86400)
    await take(deps, BUNDLE, "forget_order", order=ORDER)
    assert "forgotten_at" in await present(deps)


async def test_no_operator_is_called_for_details_before_the_time(deps: Deps) -> None:
    """The customer has seven days, whoever asks."""
    await place(deps, metadata={"product": BOOK, "name": "Ada"})
    await take(deps, BUNDLE, "end_patience", order=ORDER)
    order = await present(deps)
    assert (order["attention"], order["errands"]["end_patience"]) == (None, order["details_by"])
