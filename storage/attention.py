"""Orders that need a person, as an operator goes through them."""

from typing import cast

from storage.database import Database, Document, aggregated
from storage.records.orders import Order

#: What keeps an order from ending without a person. Some that have ended keep such a mark.
MARKS: Document = {
    "$or": [
        {"refund_failed": True},
        {"attention": {"$type": "string"}},
        {"objection": {"$type": "string"}},
        {"dispute_lost": True},
        {"pause.holds": True},
        {"request.kind": {"$type": "string"}},
    ]
}
#: The latest marked orders that are looked at.
_LATEST = 10_000


async def orders_for_a_person(db: Database, limit: int) -> list[Order]:
    """Return the orders that need a person, the earliest paid first. Some may be over by `order_state`."""
    asked = {"request.kind": {"$type": "string"}}
    unended = {"stopped": False, "$or": [{"refund_failed": True}, {"delivered_at": None}, asked]}
    # The limit keeps MongoDB from joining the two filters: it knows the index only by exactly its own.
    latest: list[Document] = [{"$match": MARKS}, {"$sort": {"paid_at": -1}}, {"$limit": _LATEST}]
    first: list[Document] = [{"$match": unended}, {"$sort": {"paid_at": 1}}, {"$limit": limit}]
    return cast("list[Order]", await aggregated(db.orders, [*latest, *first]))
