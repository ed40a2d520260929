"""Budget that is spent: its order is paused, and goes on at an operator's word, by the errand `heed_pause`."""

from math import ceil

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.reports.allowance import budget_of, cannot_be_kept
from infra.errors import PressroomError
from storage.audit import Authority, record_action
from storage.budget import end_pause, is_paused, spending_of
from storage.orders import named_order
from storage.records.orders import Order


class OrderIsNotPaused(PressroomError):
    """The order goes on by itself."""


class BudgetIsTooSmall(PressroomError):
    """The order would be paused again at once."""


async def resume_order(deps: Deps, order_id: str, budget_usd: float | None, authority: Authority) -> None:
    """Resume a paused order, with an entry in the audit trail.

    `budget_usd`, if given, becomes its budget, with infinity for none. OrderIsNotPaused or BudgetIsTooSmall if the
    order cannot be resumed.
    """
    order = await named_order(deps.db, order_id)
    if not is_paused(order):
        raise OrderIsNotPaused(f"There is no order {order_id} that is paused.")
    await _expect_enough(deps, order if budget_usd is None else {**order, "budget_usd": budget_usd})
    now = deps.clock.now()
    subject = "budget as before" if budget_usd is None else f"budget {budget_usd:g} US dollars"
    await record_action(deps.db, authority, "resumed", order_id, subject, now)
    await end_pause(deps.db, order, budget_usd, now)
    await send_errand(deps, "heed_pause", order_id)


async def _expect_enough(deps: Deps, order: Order) -> None:
    budget = budget_of(deps.settings, order)
    if budget is None:
        return
    # Open calls count as lost ones: that is the most that can have been spent.
    spending = await spending_of(deps.db, order["_id"], 0.0, deps.clock.now())
    if spending.unpriced or deps.prices.of(deps.settings.openai_model) is None:
        raise BudgetIsTooSmall(f"{cannot_be_kept(budget)} a price is unknown. Resume it without a budget.")
    needed = spending.spent_usd + (order["pause"]["call_usd"] or 0)
    if needed > budget:
        what = f"With its next call order {order['_id']} may cost {ceil(needed * 100) / 100:.2f} US dollars"
        raise BudgetIsTooSmall(f"{what}, and its budget is {budget:g}. Resume it with a greater one.")
