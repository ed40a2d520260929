"""Orders that no letter ends: their customers are forgotten in their time, like those of delivered ones."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from storage.endings import add_stored, choose_completion
from storage.forms import find_forms, keep_form
from tests.actors.builders import BOOK, messages, present, sweep, working
from tests.actors.stories import COMPLETED, EXPIRED, FAILED, PAID, WHOLE, Word, purchase, say
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

DAY_S = 86400
KEPT_DAYS = 30


@pytest.fixture
def worker(deps: Deps) -> WorkDeps:
    """Build a mail worker that has customers forgotten after so many days."""
    return replace(working(deps), settings=msgspec.structs.replace(deps.settings, retain_reports_days=KEPT_DAYS))


async def run_due(worker: WorkDeps, order_id: str) -> None:
    """Have the sweep ask for the due errands of an order, and run them."""
    worker.broker.client.flushdb()
    await sweep(worker)
    for message in messages(worker, "bundle"):
        if message["kwargs"].get("order") == order_id:
            await run_errand(worker, message["actor_name"], order_id)


@pytest.mark.parametrize("words", [(EXPIRED,), (COMPLETED, FAILED), (COMPLETED, EXPIRED)], ids=str)
async def test_an_order_that_ended_unpaid_is_forgotten_in_its_time(
    worker: WorkDeps, clock: StoppedClock, words: tuple[Word, ...]
) -> None:
    """Answers and address go so many days after the session's end. Not before."""
    bought = purchase()
    await say(worker, bought, *words)
    ended_at = (await present(worker, bought.session))["ended_at"]
    assert ended_at is not None
    clock.moment = ended_at + timedelta(days=KEPT_DAYS, seconds=-60)
    await run_due(worker, bought.session)
    assert (await present(worker, bought.session))["answers"]
    clock.forward(120)
    await run_due(worker, bought.session)
    order = await present(worker, bought.session)
    assert (order["answers"], order["email"], order["errands"]) == ({}, None, {})
    assert "forgotten_at" in order


async def test_an_order_that_is_refunded_before_its_letter_goes_is_forgotten_in_its_time(
    worker: WorkDeps, clock: StoppedClock
) -> None:
    """The money went back on Stripe's own pages while the letter with the reports was chosen and not sent."""
    bought = purchase()
    await say(worker, bought, COMPLETED, PAID)
    await add_stored(worker.db, bought.session, BOOK, 1, clock.now())
    assert await choose_completion(worker.db, bought.session)
    await say(worker, bought, WHOLE)
    await run_due(worker, bought.session)
    assert "forgotten_at" not in await present(worker, bought.session)
    clock.forward((KEPT_DAYS + 1) * DAY_S)
    await run_due(worker, bought.session)
    assert "forgotten_at" in await present(worker, bought.session)


async def test_without_the_setting_it_is_kept(deps: Deps, clock: StoppedClock) -> None:
    """Nothing is forgotten that the settings do not ask for."""
    bought = purchase()
    await say(deps, bought, EXPIRED)
    clock.forward(400 * DAY_S)
    await run_due(working(deps), bought.session)
    order = await present(deps, bought.session)
    assert (bool(order["answers"]), order["errands"]) == (True, {})


async def test_an_order_that_is_paid_after_all_is_not_forgotten(worker: WorkDeps, clock: StoppedClock) -> None:
    """Whatever Stripe said of its end before, and in whatever order it says so."""
    late, early = purchase(), purchase()
    await say(worker, late, COMPLETED, FAILED)
    clock.moment = (await present(worker, late.session))["placed_at"]
    await run_due(worker, late.session)
    assert "forget_order" in (await present(worker, late.session))["errands"]
    await say(worker, late, PAID)
    await say(worker, early, COMPLETED, PAID, FAILED)
    for bought in (late, early):
        await run_due(worker, bought.session)
        assert "forget_order" not in (await present(worker, bought.session))["errands"]


async def test_the_form_of_an_order_that_ended_unpaid_goes_with_it(worker: WorkDeps, clock: StoppedClock) -> None:
    """What was written into our own form is removed as well."""
    bought = purchase()
    await keep_form(worker.db, "form-1", "life_clarity", {"name": "Ada"}, clock.now())
    await say(worker, bought, EXPIRED)
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"reference": "form-1"}})
    clock.forward(KEPT_DAYS * DAY_S)
    for _ in range(2):
        await run_due(worker, bought.session)
    assert await find_forms(worker.db, ["form-1"]) == {}
