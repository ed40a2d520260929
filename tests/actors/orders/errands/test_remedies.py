"""Customers whose order is late or failed: what they hear, and when."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.products.catalogue import OFFERS
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.endings import add_stored, choose_completion
from storage.orders import fail_order, release_operator
from storage.records.orders import Errand
from tests.actors.builders import alerts, messages, present
from tests.actors.post import Mailer
from tests.actors.stories import DISPUTED, WHOLE, Purchase, Word, say
from tests.actors.vendors import Till
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

DEAD = "life_clarity: write-x is dead: no."
PROMISE_S = OFFERS["life_clarity"].promise_s


async def test_an_overdue_order_is_told_once(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Not before its time; then eight messages and sweeps bring one alert and one letter, and that is all."""
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == []
    clock.forward(PROMISE_S)
    await sweep_once(worker, Watch(clock))
    assert "check_promise" in {message["actor_name"] for message in messages(worker, "bundle")}
    await asyncio.gather(*(run_errand(worker, "check_promise", bought.session) for _ in range(8)))
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, await alerts(worker, "overdue")) == (["delay"], 1)
    assert "check_promise" not in (await present(worker, bought.session))["errands"]


@pytest.mark.parametrize("word", [WHOLE, DISPUTED])
async def test_nobody_is_told_of_the_delay_of_what_is(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, word: Word
) -> None:
    """Refunded and disputed orders are late for nobody."""
    await say(worker, bought, word)
    clock.forward(PROMISE_S)
    await run_errand(worker, "check_promise", bought.session)
    assert ("delay" in mailer.kinds, await alerts(worker, "overdue")) == (False, 0)


async def test_what_is_made_after_all_has_not_failed(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """An order whose failure left nothing dead is told of no failure and given no money back once it is stored."""
    worker = replace(worker, settings=msgspec.structs.replace(worker.settings, refund_after_s=3600.0))
    await fail_order(worker.db, bought.session, "what follows assemble fails: NoSuchKey", clock.now())
    await add_stored(worker.db, bought.session, "life_clarity", 1, clock.now())
    clock.forward(7200)
    for errand in ("tell_failure", "refund_order"):
        await run_errand(worker, errand, bought.session)
    order = await present(worker, bought.session)
    assert (mailer.kinds, till.refunds, order["letter"]) == ([], 0, None)
    assert await choose_completion(worker.db, bought.session)


async def test_what_is_finished_at_the_last_moment_is_not_late(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Reports that are stored, and not mailed yet, are no delay."""
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"stored_at": clock.now()}})
    clock.forward(PROMISE_S)
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, await alerts(worker, "overdue")) == ([], 0)


async def test_a_failure_is_told_when_nobody_mended_it(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """After half an hour, once; the order is overdue as well, of which its customer hears no second time."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    clock.forward(1799)
    await run_errand(worker, "tell_failure", bought.session)
    assert mailer.kinds == []
    clock.forward(1)
    await asyncio.gather(*(run_errand(worker, "tell_failure", bought.session) for _ in range(8)))
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, await alerts(worker, "overdue")) == (["failure"], 1)
    assert "tell_failure" not in (await present(worker, bought.session))["errands"]


async def test_a_failure_that_was_mended_is_not_told(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """What goes on is neither mourned nor refunded, and late at most."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    await release_operator(worker.db, bought.session, DEAD)
    clock.forward(100_000)
    overdue: tuple[Errand, ...] = ("tell_failure", "refund_order", "check_promise")
    for errand in overdue:
        await run_errand(worker, errand, bought.session)
    assert (mailer.kinds, till.refunds) == (["delay"], 0)


async def test_an_order_that_lacks_something_and_failed_is_told_as_well(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """What is missing is not asked for while there is an objection, so its customer must hear of that."""
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"missing": ["question"]}})
    await fail_order(worker.db, bought.session, "The session's price is not that of life_clarity.", clock.now())
    clock.forward(worker.settings.failure_letter_after_s)
    await run_errand(worker, "tell_failure", bought.session)
    assert mailer.kinds == ["failure"]


async def test_a_disputed_order_is_told_when_the_dispute_is_over(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """While the bank decides no letter about delay or failure goes out, and neither is forgotten."""
    await say(worker, bought, DISPUTED)
    clock.forward(PROMISE_S)
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, "check_promise" in (await present(worker, bought.session))["errands"]) == ([], True)
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"on_hold": False}})
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == ["delay"]
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"on_hold": True}})
    clock.forward(worker.settings.failure_letter_after_s)
    await run_errand(worker, "tell_failure", bought.session)
    assert (mailer.kinds, "tell_failure" in (await present(worker, bought.session))["errands"]) == (
        ["delay"],
        True,
    )


async def test_the_promise_begins_anew_with_the_last_answer(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Who takes two days to fill in a form is not told that we are late."""
    filled = {"filled_at": clock.now() + timedelta(days=2)}
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": filled})
    clock.forward(timedelta(days=2).total_seconds() + PROMISE_S - 1)
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == []
    clock.forward(1)
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == ["delay"]
