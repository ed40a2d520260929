"""View of the work that is not over, as numbers."""

from collections import Counter
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypedDict

from actors.deps.process import Deps
from actors.orders.promise import promised_at
from handlers.views.orders import seconds_since
from storage.alerts import due_alerts
from storage.budget import is_paused
from storage.errands import orders_with_errands
from storage.figures import (
    open_dead_letters,
    open_orders,
    scheduled_gifts,
    told_alerts,
    unfinished_steps,
    untaken_mails,
)
from storage.grouping import grouped
from storage.order_state import order_state, paid_at
from storage.records.orders import Order
from storage.records.work import StepState
from storage.reports import reports_of

#: The open orders, errands and alerts that are looked at.
_MOST = 1000
#: Errands and alerts that were due so long ago are late: the sweep sees to both every few seconds.
_LATE = timedelta(minutes=1)


class WorkView(TypedDict):
    """Work that is not over. Numbers beyond 10,000, and of orders beyond 1,000, are not counted."""

    #: Paid orders that are neither delivered nor refunded, by their state, and how long the first was paid ago. A
    #: gift whose mail is on the way counts from its day on.
    orders: dict[str, int]
    oldest_s: dict[str, float]
    #: Those that are past their promise, and those whose budget is spent.
    orders_late: int
    orders_paused: int
    steps: dict[StepState, int]
    errands_late: int
    errands_late_s: float
    dead_letters: int
    alerts_told: int
    #: Those that should have been told, and were not.
    alerts_late: int
    mails: dict[str, int]


async def work_view(deps: Deps) -> WorkView:
    """Return how much there is of each kind of work."""
    now = deps.clock.now()
    orders = await open_orders(deps.db, now, _MOST)
    gifts = await scheduled_gifts(deps.db, now)
    errands = await orders_with_errands(deps.db, now - _LATE, _MOST)
    states = await _states_of(deps, orders)
    oldest: dict[str, float] = {}
    for order, state in zip(orders, states, strict=True):
        oldest[state] = max(oldest.get(state, 0.0), seconds_since(_since(order, state), now))
    return {
        "orders": dict(Counter(states) + Counter(scheduled=gifts)),
        "oldest_s": oldest,
        "orders_late": sum(_is_late(order, now) for order in orders),
        "orders_paused": sum(map(is_paused, orders)),
        "steps": await unfinished_steps(deps.db),
        "errands_late": len(errands),
        "errands_late_s": max(
            (seconds_since(min(one["errands"].values()), now) for one in errands if one["errands"]), default=0.0
        ),
        "dead_letters": await open_dead_letters(deps.db),
        "alerts_told": await told_alerts(deps.db),
        "alerts_late": len(await due_alerts(deps.db, now - _LATE, _MOST)),
        "mails": await untaken_mails(deps.db),
    }


async def _states_of(deps: Deps, orders: list[Order]) -> list[str]:
    """Return the state of each order."""
    begun = [report for report in await reports_of(deps.db, orders) if report["plan"]] if orders else []
    of_order = grouped(begun, itemgetter("order"))
    return [order_state(order, of_order.get(order["_id"], ())) for order in orders]


def _since(order: Order, state: str) -> datetime:
    """Return since when somebody waits for what an order needs next."""
    if state == "delivering" and "gift" in order:
        return max(paid_at(order), order["gift"]["at"])
    return paid_at(order)


def _is_late(order: Order, now: datetime) -> bool:
    due_at = promised_at(order)
    return due_at is not None and due_at < now
