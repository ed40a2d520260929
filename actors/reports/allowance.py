"""Budget of an order: its own, else the installation's."""

from infra.settings import Settings
from storage.records.orders import Order


def budget_of(settings: Settings, order: Order) -> float | None:
    """Return the most that an order may cost in US dollars: its own budget, else the installation's.

    None if it has none.
    """
    budget: float | None = order.get("budget_usd", settings.order_budget_usd)
    return None if budget == float("inf") else budget


def cannot_be_kept(budget: float) -> str:
    """Return the beginning of a sentence that gives the reason."""
    return f"The order's budget of {budget:g} US dollars cannot be kept:"
