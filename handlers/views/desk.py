"""View of the orders that need a person."""

from datetime import datetime
from typing import TypedDict

from actors.deps.process import Deps
from actors.orders.promise import promised_at
from handlers.views.orders import as_text
from storage.attention import orders_for_a_person
from storage.order_state import amount_paid, attention_of, order_state, paid_at, request_of
from storage.records.orders import Order


class PersonView(TypedDict):
    """Order that needs a person, and how long its customer has waited by now. `amount` is in cents, as charged."""

    order_id: str
    product: str | None
    tenant: str
    reason: str | None
    paid_at: str | None
    waiting_s: int
    #: The seconds since it was promised for. None before that, and if no customer waits for it.
    overdue_s: int | None
    amount: int | None
    currency: str | None


async def for_a_person(deps: Deps, limit: int) -> list[PersonView]:
    """Return the orders that need a person, the longest waiting first."""
    now = deps.clock.now()
    found = await orders_for_a_person(deps.db, limit)
    return [
        _shown(order, now) for order in found if "request" in order or order_state(order, ()) == "needs_attention"
    ]


def _shown(order: Order, now: datetime) -> PersonView:
    due_at, began_at = promised_at(order), paid_at(order)
    late_s = int((now - due_at).total_seconds()) if due_at else 0
    return {
        "order_id": order["_id"],
        "product": order["product"],
        "tenant": order["tenant"],
        "reason": attention_of(order) or request_of(order),
        "paid_at": as_text(order["paid_at"]),
        "waiting_s": int((now - began_at).total_seconds()),
        "overdue_s": late_s if late_s > 0 else None,
        "amount": amount_paid(order),
        "currency": order["currency"],
    }
