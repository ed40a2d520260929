"""Records of sums of money by day."""

from datetime import datetime
from typing import TypedDict


class Amounts(TypedDict):
    """Sums over some orders, in the smallest unit of their currency."""

    currency: str | None
    orders: int
    #: What customers paid, and the tax in it that was not refunded.
    paid: int
    tax: int
    refunded: int
    #: Of orders whose refund is decided, or which a bank sent back: what is still to go back.
    refunds_pending: int
    refunds_failed: int
    #: Of orders whose dispute is open, or was lost: what was paid and not refunded.
    disputed: int
    lost: int


class Takings(Amounts):
    """Sums over the orders of a tenant and offer that were paid on a day."""

    tenant: str
    product: str | None


class DayCosts(TypedDict):
    """Sum over a day's calls for orders of a tenant and offer. `unpriced` answers have no known price."""

    tenant: str
    product: str | None
    calls: int
    unpriced: int
    usd: float


class OrderCost(DayCosts):
    """Cost of an order's calls of a day, and what was paid for the order, without tax."""

    order: str
    amount: int | None
    currency: str | None


class DaySums(TypedDict):
    """Money of a day."""

    #: The day in UTC, as YYYY-MM-DD.
    _id: str
    as_of: datetime
    takings: list[Takings]
    costs: list[DayCosts]
    #: The dearest orders of the day.
    dearest: list[OrderCost]
    #: The costs change no more.
    final: bool
