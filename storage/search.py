"""Search of orders by whatever a person holds of one."""

from collections.abc import Sequence

from pymongo.collation import Collation

from storage.database import Database, Document
from storage.records.orders import Order

#: Letters compare without case; names without accents, too.
SAME_ADDRESS = Collation("en", strength=2)
SAME_NAME = Collation("en", strength=1)


async def orders_by_ids(db: Database, ids: Sequence[str]) -> list[Order]:
    """Return the orders whose Checkout Session or payment has one of those ids of Stripe's."""
    named = list(ids)
    by_session = await db.orders.find({"_id": {"$in": named}}).to_list()
    return by_session or await db.orders.find({"payment_intent": {"$in": named}}).to_list()


async def ids_behind(db: Database, ref: str) -> list[str]:
    """Return the ids of sessions, payments or orders that an event's, letter's or dead letter's id leads to."""
    event = await db.events.find_one({"_id": ref}, {"about": 1})
    if event is not None:
        return event["about"]
    told = await db.events.find({"about": ref}, {"about": 1}).limit(10).to_list()
    if told:
        return [one for found in told for one in found["about"]]
    letter = await db.deliveries.find_one({"message_id": ref}, {"order": 1})
    dead = letter or await db.dead_letters.find_one({"_id": ref}, {"order": 1})
    return [dead["order"]] if dead is not None and dead["order"] else []


async def orders_of_customer(db: Database, text: str, limit: int) -> list[Order]:
    """Return the newest orders of a mail address, or of a customer whose name begins like that.

    The address may be that of a gift's recipient.
    """
    if "@" in text:
        return await _newest(db, {"$or": [{"email": text}, {"gift.email": text}]}, SAME_ADDRESS, limit)
    # No letter comes after U+FFFF by the collation.
    return await _newest(db, {"answers.name": {"$gte": text, "$lt": f"{text}\uffff"}}, SAME_NAME, limit)


async def _newest(db: Database, query: Document, collation: Collation, limit: int) -> list[Order]:
    found = await db.orders.find(query).collation(collation).limit(limit).to_list()
    return sorted(found, key=lambda order: order["placed_at"], reverse=True)
