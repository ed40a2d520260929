"""Hard budget of an order: the most that a call may cost is known beforehand, and no call exceeds the budget.

The entry in the ledger is written first and the order's spending read then, so that of any two calls one sees the
other. Sections that are written at once stay within the budget together.
"""

import asyncio
from datetime import datetime, timedelta
from typing import NoReturn

from actors.deps.retrying import until_database_is_back
from actors.deps.worker import WorkDeps
from actors.messages import send_errand
from actors.reports.allowance import budget_of, cannot_be_kept
from actors.reports.claim import Claim, StepGoesBack
from infra.llm.answer import Request, Usage
from infra.llm.prices import Prices
from infra.logs import log
from storage.budget import begin_pause, spending_of
from storage.ledger import entry_id, open_entry, withdraw_entry

#: Beside the provider's own time: for settling, and for clocks that differ.
_MARGIN = timedelta(seconds=15)
#: Tokens that the provider adds to a request: roles, metadata, the frame of a conversation.
_FRAME_TOKENS = 100


class BudgetIsSpent(StepGoesBack):
    """The order's budget is spent, and the order is paused. The step goes back as it is, and is parked here."""


class BudgetIsInTheAir(StepGoesBack):
    """Calls in the air may cost the rest of the budget. Once they are answered, enough of it may be left."""

    again_in_s = 5.0


def most_usd(prices: Prices, model: str, request: Request) -> float | None:
    """Return the most that a request can cost in US dollars. None if the model's price is unknown.

    A token is a byte or more, and no answer is longer than asked for. The provider may store all that it reads.
    """
    read = len((request.instructions + request.input).encode()) + _FRAME_TOKENS
    usages = (Usage(read, 0, request.max_output_tokens, cache_write=stored) for stored in (0, read))
    costs = [prices.cost_usd(model, usage) for usage in usages]
    return max((cost for cost in costs if cost is not None), default=None)


async def open_within_budget(deps: WorkDeps, claim: Claim, request: Request, now: datetime) -> str:
    """Record that a call is about to be made, if the order's budget allows it. Returns the entry's id (T11).

    Without a budget every call is allowed. BudgetIsSpent if the order is paused for the budget, BudgetIsInTheAir
    if the call may be allowed later. The entry is taken back if any error is raised.
    """
    budget = budget_of(deps.settings, claim.order)
    if budget is None:
        return await open_entry(deps.db, claim.step, claim.epoch, now)
    most = most_usd(deps.prices, deps.settings.openai_model, request)
    if most is None:
        await _pause(deps, claim, f"{cannot_be_kept(budget)} the price of the model is unknown.", None)
    entry = entry_id(claim.step, claim.epoch)
    try:
        await open_entry(deps.db, claim.step, claim.epoch, now, estimate_usd=most)
        await _check(deps, claim, budget, most, now)
    except (Exception, asyncio.CancelledError):
        await until_database_is_back(deps.clock, lambda: withdraw_entry(deps.db, entry))
        raise
    return entry


async def _check(deps: WorkDeps, claim: Claim, budget: float, most: float, now: datetime) -> None:
    in_air_since = now - timedelta(seconds=deps.settings.llm_timeout_s) - _MARGIN
    spending = await spending_of(deps.db, claim.order["_id"], most, in_air_since)
    if spending.unpriced:
        await _pause(deps, claim, f"{cannot_be_kept(budget)} the price of an answer is unknown.", None)
    if spending.spent_usd + most > budget:
        await _pause(deps, claim, f"The order's budget of {budget:g} US dollars allows no other call.", most)
    # This call is in the air, too: it was written down before.
    if spending.spent_usd + spending.in_air_usd > budget:
        raise BudgetIsInTheAir


async def _pause(deps: WorkDeps, claim: Claim, reason: str, call_usd: float | None) -> NoReturn:
    # A worker that read the order before it was resumed must not pause it again: the new budget may allow the
    # call.
    if await begin_pause(deps.db, claim.order, reason, call_usd, deps.clock.now()):
        log.warning("order_paused", reason=reason)
        await send_errand(deps, "heed_pause", claim.order["_id"])
    raise BudgetIsSpent
