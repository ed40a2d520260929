"""Hard budgets of orders: nothing is bought beyond one, and nothing is lost."""

import asyncio
import math
from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.reports.allowance import budget_of
from actors.reports.budget import BudgetIsInTheAir, BudgetIsSpent, most_usd, open_within_budget
from infra.llm.answer import Usage
from storage.budget import is_paused
from storage.costs import costs_of
from storage.ledger import settle_entry
from storage.order_state import attention_of
from storage.records.work import LedgerEntry
from tests.actors.builders import present
from tests.actors.spending import (
    MODEL,
    MOST,
    PRICES,
    REQUEST,
    alerts,
    answered,
    claims,
    spent,
    with_budget,
    written,
)
from tests.builders import an_order
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def entry_of(deps: Deps, entry: str) -> LedgerEntry:
    """Return the entry as it stands, which must be there."""
    found = await deps.db.ledger.find_one({"_id": entry})
    assert found is not None
    return found


def test_the_most_that_a_call_can_cost_is_known_before_it() -> None:
    """It is the price of all that may be read and written, by bytes, since no token is less than one."""
    read = len(b"Be kind.Whither?") + 100
    assert most_usd(PRICES, MODEL, REQUEST) == PRICES.cost_usd(MODEL, Usage(read, 0, REQUEST.max_output_tokens))
    foreign = replace(REQUEST, input="Wohin führt’s? 你")
    least = PRICES.cost_usd(MODEL, Usage(len(foreign.input.encode()), 0, 4096)) or 0
    assert (most_usd(PRICES, MODEL, foreign) or 0) >= least
    assert most_usd(PRICES, "llama-9", REQUEST) is None
    stored = PRICES.cost_usd("gpt-5.6-luna", Usage(read, 0, REQUEST.max_output_tokens, cache_write=read))
    assert most_usd(PRICES, "gpt-5.6-luna", REQUEST) == stored


async def test_an_orders_own_budget_goes_before_the_installations(deps: Deps) -> None:
    """An operator's word about one order counts, also if it is that there is no bound."""
    settings = with_budget(deps, 2.0).settings
    assert [budget_of(settings, order) for order in (an_order(), an_order(budget_usd=5.0))] == [2.0, 5.0]
    assert budget_of(settings, an_order(budget_usd=math.inf)) is None
    assert budget_of(deps.settings, an_order()) is None


async def test_without_a_budget_an_entry_is_just_opened(deps: Deps) -> None:
    """Nothing is estimated and nothing read, whatever was spent."""
    worker = with_budget(deps, None, openai_model="llama-9")
    (claim,) = await claims(deps, 1)
    entry = await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    found = await entry_of(deps, entry)
    assert (found["state"], "estimate_usd" in found) == ("open", False)


async def test_calls_within_the_budget_are_made(deps: Deps) -> None:
    """A call that fits has its entry, with the most that it may cost."""
    worker = with_budget(deps, MOST)
    (claim,) = await claims(deps, 1)
    entry = await open_within_budget(worker, claim, REQUEST, deps.clock.now())
    found = await entry_of(deps, entry)
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
    await settle_entry(deps.db, entry, written(0.1 * MOST), clock.now())
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
