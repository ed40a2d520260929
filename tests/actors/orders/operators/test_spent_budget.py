"""Orders whose budget is spent: an operator hears of it, and lets them go on."""

import math

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.spent_budget import BudgetIsTooSmall, OrderIsNotPaused, resume_order
from actors.reports.budget import BudgetIsSpent, open_within_budget
from actors.reports.claim import Claim
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.audit import Authority
from storage.budget import begin_pause, end_pause, is_paused
from storage.order_state import attention_of
from storage.orders import OrderDoesNotExist
from storage.queueing import park_step
from tests.actors.builders import messages, present, state, working
from tests.actors.spending import MOST, REQUEST, alerts, claims, spent, with_budget
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before

pytestmark = pytest.mark.anyio


async def test_a_pause_whose_worker_died_calls_the_operator_all_the_same(deps: Deps, clock: StoppedClock) -> None:
    """The pause is durable with an errand, which the sweep has run."""
    (claim,) = await claims(deps, 1)
    order = claim.order["_id"]
    await begin_pause(deps.db, claim.order, "Spent.", MOST, clock.now())
    deps.broker.client.flushdb()
    clock.forward(15)
    await sweep_once(deps, Watch(clock))
    assert [message["actor_name"] for message in messages(deps, "bundle")] == ["heed_pause"]
    for _ in range(2):
        await run_errand(working(deps), "heed_pause", order)
    found = await present(deps, order)
    assert (await alerts(deps), found["attention"], "heed_pause" in found["errands"]) == (
        ["Spent."],
        "Spent.",
        False,
    )


async def test_a_resumed_order_goes_on(deps: Deps) -> None:
    """Its parked steps are sent again, its operator is released, its budget is its own, and the trail says why."""
    worker, (claim, later) = await spent(deps, 2)
    order = claim.order["_id"]
    with pytest.raises(BudgetIsSpent):
        await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    await park_step(deps.db, claim.step["_id"], claim.step["due_at"])
    await resume_order(worker, order, 3 * MOST, Authority("ann", "worth it"))
    await run_errand(worker, "heed_pause", order)
    unparked = await state(deps, claim.step)
    assert (unparked["state"], unparked["due_at"]) == ("queued", deps.clock.now())
    found = await present(deps, order)
    assert (attention_of(found), "heed_pause" in found["errands"], await alerts(deps)) == (None, False, [])
    assert await open_within_budget(worker, Claim(deps.db, later.step, found), REQUEST, deps.clock.now())
    trail = await deps.db.audit.find_one({"order": order}, {"_id": 0})
    assert trail == {
        "who": "ann",
        "action": "resumed",
        "order": order,
        "subject": f"budget {3 * MOST:g} US dollars",
        "reason": "worth it",
        "at": deps.clock.now(),
    }


async def test_a_resumption_that_a_crash_cut_short_is_carried_out(deps: Deps, clock: StoppedClock) -> None:
    """An order that goes on has an errand until its steps are sent again."""
    (claim,) = await claims(deps, 1)
    order = claim.order["_id"]
    await begin_pause(deps.db, claim.order, "Spent.", MOST, clock.now())
    await run_errand(working(deps), "heed_pause", order)
    await park_step(deps.db, claim.step["_id"], claim.step["due_at"])
    await end_pause(deps.db, await present(deps, order), None, clock.now())
    await run_errand(working(deps), "heed_pause", order)
    unparked = await state(deps, claim.step)
    assert unparked["due_at"] == clock.now()
    assert attention_of(await present(deps, order)) is None


async def test_who_wakes_after_a_resumption_calls_nobody_for_the_pause(deps: Deps) -> None:
    """A worker that saw the order paused, and says so once it goes on, takes that back: nothing has failed."""
    (claim,) = await claims(deps, 1)
    order = claim.order["_id"]
    await begin_pause(deps.db, claim.order, "Spent.", MOST, deps.clock.now())

    async def heed(worker: WorkDeps, order: str) -> None:
        await run_errand(worker, "heed_pause", order)

    async with frozen_before(0, heed, working(deps), order):
        await end_pause(deps.db, await present(deps, order), None, deps.clock.now())
        await heed(working(deps), order)
    found = await present(deps, order)
    assert (attention_of(found), found["failed_at"], await alerts(deps)) == (None, None, [])


async def test_without_a_budget_an_order_of_unknown_price_goes_on(deps: Deps) -> None:
    """An operator may take the bound away, and nothing else lets an order go on that cannot be priced."""
    worker = with_budget(deps, 100.0, openai_model="llama-9")
    (claim,) = await claims(deps, 1)
    order = claim.order["_id"]
    with pytest.raises(BudgetIsSpent):
        await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    for usd in (None, 500.0):
        with pytest.raises(BudgetIsTooSmall, match="a price is unknown"):
            await resume_order(worker, order, usd, Authority("ann", "why not"))
    await resume_order(worker, order, math.inf, Authority("ann", "why not"))
    resumed = Claim(deps.db, claim.step, await present(deps, order))
    assert await open_within_budget(worker, resumed, REQUEST, deps.clock.now())


async def test_a_budget_that_would_not_do_is_refused(deps: Deps) -> None:
    """An order is not resumed to be paused again at once; what it needs is said."""
    worker, (claim,) = await spent(deps)
    order = claim.order["_id"]
    with pytest.raises(BudgetIsSpent):
        await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    for usd in (None, 2.4 * MOST):
        with pytest.raises(BudgetIsTooSmall, match=r"may cost 0\.03 US dollars"):
            await resume_order(worker, order, usd, Authority("ann", "why not"))
    assert is_paused(await present(deps, order))
    assert await deps.db.audit.count_documents({}) == 0


async def test_only_a_paused_order_is_resumed(deps: Deps) -> None:
    """An order that is unknown, goes on, or was resumed by somebody else, is named."""
    (claim,) = await claims(deps, 1)
    for order in ("cs_none", claim.order["_id"]):
        with pytest.raises((OrderDoesNotExist, OrderIsNotPaused), match=order):
            await resume_order(deps, order, 1.0, Authority("ann", "why not"))
