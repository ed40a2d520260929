"""A hard budget an order: nothing is bought beyond it, nothing is lost, and an operator lets it go on."""

import asyncio
import math
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands import run_errand
from actors.orders.pause import BudgetIsTooSmall, OrderIsNotPaused, resume_order
from actors.reports.budget import BudgetIsInTheAir, BudgetIsSpent, budget_of, most_usd, open_within_budget
from actors.reports.claim import Claim
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.llm.answer import Request, Usage
from infra.llm.prices import cost_usd
from storage.audit import Authority
from storage.budget import begin_pause, end_pause, is_paused
from storage.costs import costs_of
from storage.database import Document
from storage.ledger import settle_entry
from storage.order_state import attention_of
from storage.orders import find_order
from storage.queueing import park_step
from storage.steps import find_step
from tests.actors.test_perform import begun, working
from tests.actors.test_sweep import messages
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

MODEL = "gpt-5-mini"
REQUEST = Request(instructions="Be kind.", input="Whither?", cache_key="plan")
#: The most that one call may cost.
MOST = most_usd(MODEL, REQUEST) or 0.0


def with_budget(deps: Deps, usd: float | None, **facts: Any) -> WorkDeps:
    """Return a worker's deps with that budget."""
    settings = msgspec.structs.replace(deps.settings, order_budget_usd=usd, **facts)
    return replace(working(deps), settings=settings)


async def present(deps: Deps, order: str) -> Document:
    """Return the order, which must be there."""
    found = await find_order(deps.db, order)
    assert found is not None
    return found


async def claims(deps: Deps, number: int) -> list[Claim]:
    """Return claims of a new order's first section, each at an epoch of its own."""
    order, (first, *_) = await begun(deps)
    return [Claim(deps.db, {**first, "epoch": epoch}, await present(deps, order)) for epoch in range(number)]


async def answered(deps: WorkDeps, claim: Claim, usd: float | None) -> None:
    """Buy an answer at that price."""
    entry = await open_within_budget(deps, claim, REQUEST, deps.clock.now())
    facts = {"outcome": "written", "usage": {"input": 9, "cached": 0, "output": 9}, "cost_usd": usd}
    await settle_entry(deps.db, entry, facts, deps.clock.now())


async def spent(deps: Deps, number: int = 1) -> tuple[WorkDeps, list[Claim]]:
    """Return deps whose budget of two calls is nearly used up, and claims of the order."""
    worker = with_budget(deps, 2 * MOST)
    first, *others = await claims(deps, number + 1)
    await answered(worker, first, 1.5 * MOST)
    return worker, others


async def alerts(deps: Deps) -> list[str]:
    """Return the alerts that operators are to be told."""
    return [alert["text"] async for alert in deps.db.alerts.find({"kind": "budget"})]


def test_the_most_that_a_call_can_cost_is_known_before_it() -> None:
    """It is the price of all that may be read and written, by bytes, since no token is less than one."""
    read = len(b"Be kind.Whither?") + 100
    assert most_usd(MODEL, REQUEST) == cost_usd(MODEL, Usage(read, 0, REQUEST.max_output_tokens))
    foreign = replace(REQUEST, input="Wohin führt’s? 你")
    assert (most_usd(MODEL, foreign) or 0) >= (cost_usd(MODEL, Usage(len(foreign.input.encode()), 0, 4096)) or 0)
    assert most_usd("llama-9", REQUEST) is None


async def test_an_orders_own_budget_goes_before_the_installations(deps: Deps) -> None:
    """An operator's word about one order counts, also if it is that there is no bound."""
    settings = with_budget(deps, 2.0).settings
    assert [budget_of(settings, order) for order in ({}, {"budget_usd": 5.0})] == [2.0, 5.0]
    assert budget_of(settings, {"budget_usd": math.inf}) is None
    assert budget_of(deps.settings, {}) is None


async def test_without_a_budget_an_entry_is_just_opened(deps: Deps) -> None:
    """Nothing is estimated and nothing read, whatever was spent."""
    worker = with_budget(deps, None, openai_model="llama-9")
    (claim,) = await claims(deps, 1)
    entry = await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    found = await deps.db.ledger.find_one({"_id": entry})
    assert found is not None
    assert (found["state"], "estimate_usd" in found) == ("open", False)


async def test_calls_within_the_budget_are_made(deps: Deps) -> None:
    """A call that fits has its entry, with the most that it may cost."""
    worker = with_budget(deps, MOST)
    (claim,) = await claims(deps, 1)
    entry = await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    found = await deps.db.ledger.find_one({"_id": entry})
    assert found is not None
    assert found["estimate_usd"] == MOST


async def test_calls_at_once_never_pass_the_budget(deps: Deps) -> None:
    """Of sixteen sections at once no more are bought than the budget surely holds; the others wait, unpaid."""
    worker = with_budget(deps, 5.5 * MOST)
    sections = await claims(deps, 16)
    opening = (open_within_budget(worker, one, REQUEST, deps.clock.now()) for one in sections)
    made = await asyncio.gather(*opening, return_exceptions=True)
    bought = [one for one in made if isinstance(one, str)]
    assert len(bought) <= 5
    assert {type(one) for one in made if not isinstance(one, str)} <= {BudgetIsInTheAir}
    order = await present(deps, sections[0].order["_id"])
    assert (await costs_of(deps.db, order["_id"])).attempts == len(bought)
    assert not is_paused(order)


async def test_who_waits_for_answers_goes_on_once_they_cost_less(deps: Deps, clock: StoppedClock) -> None:
    """Room that a call in the air may need is free again when its answer was cheaper, or when it is lost."""
    worker = with_budget(deps, 2.5 * MOST)
    first, second, third, fourth = await claims(deps, 4)
    entry = await open_within_budget(worker, first, REQUEST, clock.now())
    await open_within_budget(worker, second, REQUEST, clock.now())
    with pytest.raises(BudgetIsInTheAir):
        await open_within_budget(worker, third, REQUEST, clock.now())
    facts = {"outcome": "written", "usage": {}, "cost_usd": 0.1 * MOST}
    await settle_entry(deps.db, entry, facts, clock.now())
    await open_within_budget(worker, third, REQUEST, clock.now())
    clock.forward(deps.settings.llm_timeout_s + 16)
    with pytest.raises(BudgetIsSpent):  # a lost call may have been paid for
        await open_within_budget(worker, fourth, REQUEST, clock.now())


async def test_a_spent_budget_pauses_the_order_for_an_operator(deps: Deps) -> None:
    """However many sections find it spent, the order is paused once, one alert says so, and no entry is left."""
    worker, sections = await spent(deps, 4)
    for one in sections:
        with pytest.raises(BudgetIsSpent):
            await open_within_budget(worker, one, REQUEST, deps.clock.now())
    await run_errand(worker, "heed_pause", sections[0].order["_id"])
    order = await present(deps, sections[0].order["_id"])
    reason = f"The order's budget of {2 * MOST:g} US dollars allows no other call."
    assert (attention_of(order), await alerts(deps)) == (reason, [reason])
    assert (await costs_of(deps.db, order["_id"])).attempts == 1
    assert "heed_pause" not in order["errands"]


async def test_a_model_without_a_price_is_not_bought_from(deps: Deps) -> None:
    """Where nobody knows what a call costs no budget can be kept: the first call is not made."""
    worker = with_budget(deps, 100.0, openai_model="llama-9")
    (claim,) = await claims(deps, 1)
    with pytest.raises(BudgetIsSpent):
        await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    await run_errand(worker, "heed_pause", claim.order["_id"])
    assert await alerts(deps) == [
        "The order's budget of 100 US dollars cannot be kept: the price of the model is unknown."
    ]
    assert (await costs_of(deps.db, claim.order["_id"])).attempts == 0


async def test_an_answer_without_a_price_ends_the_buying(deps: Deps) -> None:
    """A provider that answers with a model of unknown price has cost nobody knows what."""
    worker = with_budget(deps, 100.0)
    first, second = await claims(deps, 2)
    await answered(worker, first, None)
    with pytest.raises(BudgetIsSpent):
        await open_within_budget(worker, second, REQUEST, deps.clock.now())
    await run_errand(worker, "heed_pause", second.order["_id"])
    assert "the price of an answer is unknown" in (await alerts(deps))[0]


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
    order, step = claim.order["_id"], claim.step["_id"]
    with pytest.raises(BudgetIsSpent):
        await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    await park_step(deps.db, claim.step)
    await resume_order(worker, order, 3 * MOST, Authority("ann", "worth it"))
    await run_errand(worker, "heed_pause", order)
    unparked = await find_step(deps.db, step)
    assert unparked is not None
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
    await park_step(deps.db, claim.step)
    await end_pause(deps.db, await present(deps, order), None, clock.now())
    await run_errand(working(deps), "heed_pause", order)
    unparked = await find_step(deps.db, claim.step["_id"])
    assert unparked is not None
    assert unparked["due_at"] == clock.now()
    assert attention_of(await present(deps, order)) is None


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
        with pytest.raises(OrderIsNotPaused, match=order):
            await resume_order(deps, order, 1.0, Authority("ann", "why not"))
