"""Orders: one document a Checkout Session, with facts that only accumulate and at most one letter chosen."""

from collections.abc import Sequence
from datetime import datetime

from infra.errors import PressroomError
from storage.alerts import raise_alert, withdraw_alert
from storage.database import Database, Document, insert_new, one_more, updated
from storage.errands import ERRAND_CHECK, errand_by, errand_update
from storage.records.orders import Errand, Order, PaymentState, Purchase

#: The reason for which an operator is called when a customer does not fill in the missing details.
DETAILS_OVERDUE = "The customer has not filled in what is missing."


class OrderDoesNotExist(PressroomError):
    """No order has that id, or its customer is forgotten."""


def new_order(order_id: str, token: str, purchase: Purchase, now: datetime) -> Order:
    """Return an order as it is placed, with nothing known of its customer and its payment yet."""
    return {
        "_id": order_id,
        "token": token,
        "tenant": purchase["tenant"],
        "colours": purchase["colours"],
        "timezone": purchase.get("timezone", "UTC"),
        "ai_notice": purchase.get("ai_notice", False),
        "product": purchase["product"],
        "products": purchase["products"],
        "run": purchase["run"],
        "answers": purchase["answers"],
        "unread": purchase.get("unread", {}),
        "missing": purchase["missing"],
        "objection": purchase["objection"],
        "email": None,
        "reference": None,
        "payment_intent": None,
        "amount_subtotal": None,
        "currency": None,
        "paid_at": None,
        "ended_at": None,
        "placed_at": now,
        "stored": [],
        "stored_at": None,
        "letter": None,
        "delivered_at": None,
        "attention": None,
        "failed_at": None,
        "errands": {},
        "payment_version": 0,
        "amount_refunded": 0,
        "stopped": False,
        "refund_failed": False,
        "on_hold": False,
        "dispute_lost": False,
    }


async def place_orders(db: Database, orders: Sequence[Order]) -> list[str]:
    """Insert the orders of sessions. Returns the ids of those that are there already, which stay (T2)."""
    return await insert_new(db.orders, orders)


async def note_paid(db: Database, order_id: str, at: datetime) -> None:
    """Record that an order was paid, at the earliest time reported. From then on its promise is looked after.

    What failed before is no failure of the paid order: the next one is told, and refunded, as its first.
    """
    paid = errand_update("check_promise", at)
    paid["$set"]["paid_at"] = at
    # It may have ended without a payment before.
    first = paid | {"$set": {**paid["$set"], "failed_at": None}}
    first["$unset"] = {"errands.forget_order": "", "forget_asked_at": ""}
    await db.orders.update_one({"_id": order_id, "paid_at": None}, first)
    await db.orders.update_one({"_id": order_id, "paid_at": {"$gt": at}}, paid)


async def note_ended(db: Database, order_id: str, at: datetime) -> None:
    """Record that the session ended without a payment: it expired, or the payment failed."""
    ended = errand_update("retire_order", at)
    ended["$set"]["ended_at"] = at
    await db.orders.update_one({"_id": order_id, "ended_at": None}, ended)


async def retire(db: Database, order_id: str, forget_at: datetime) -> None:
    """Have an order forgotten at that time that no letter ends, since it was never paid or its money is back.

    The letter that was chosen, and not sent before the money went back, is none.
    """
    unsent = {"letter": {"$in": [None, "completion"]}, "delivered_at": None}
    over: Document = {"_id": order_id, **unsent, "$or": [{"paid_at": None}, {"stopped": True}]}
    await db.orders.update_one(over, errand_by("forget_order", forget_at))


async def note_payment(db: Database, order_id: str, version: int, state: PaymentState) -> bool:
    """Copy a payment's state to its order. False if the order has the same or a later version (T2r)."""
    older = {"_id": order_id, "payment_version": {"$lt": version}}
    facts = {"payment_version": version, **state}
    return await updated(db.orders, older, {"$set": facts})


async def orders_of_payments(db: Database, intents: Sequence[str]) -> list[Order]:
    """Return the orders that those payments paid."""
    return await db.orders.find({"payment_intent": {"$in": list(intents)}}).to_list()


async def find_orders(db: Database, order_ids: Sequence[str]) -> list[Order]:
    """Return the orders of those ids."""
    return await db.orders.find({"_id": {"$in": list(order_ids)}}).to_list()


async def orders_at_a_glance(db: Database, order_ids: Sequence[str]) -> list[Order]:
    """Return the orders of those ids, without what people wrote."""
    without = dict.fromkeys(("answers", "unread", "corrections", "request.answers", "gift"), 0)
    return await db.orders.find({"_id": {"$in": list(order_ids)}}, without).to_list()


async def find_order(db: Database, order_id: str) -> Order | None:
    """Return the order, or None."""
    return await db.orders.find_one({"_id": order_id})


async def named_order(db: Database, order_id: str) -> Order:
    """Return the order of that id. OrderDoesNotExist if there is none."""
    order = await find_order(db, order_id)
    if order is None:
        raise OrderDoesNotExist(f"There is no order {order_id}.")
    return order


async def remembered_order(db: Database, order_id: str) -> Order:
    """Return the order of that id, whose customer is not forgotten. OrderDoesNotExist if there is none."""
    order = await named_order(db, order_id)
    if "forgotten_at" in order:
        raise OrderDoesNotExist(f"There is no order {order_id} any more: its customer is forgotten.")
    return order


async def find_order_by_token(db: Database, token: str) -> Order | None:
    """Return the order that a customer's link names, or None."""
    return await db.orders.find_one({"token": token})


async def latest_orders(db: Database, limit: int) -> list[Order]:
    """Return the newest orders first."""
    return await db.orders.find().sort("placed_at", -1).limit(limit).to_list()


async def orders_placed(
    db: Database, since: datetime, until: datetime, seen: Sequence[str], limit: int
) -> list[Order]:
    """Return the newest orders that were placed in [since, until], without those of the ids `seen`."""
    placed = {"placed_at": {"$gte": since, "$lte": until}, "_id": {"$nin": list(seen)}}
    return await db.orders.find(placed).sort("placed_at", -1).limit(limit).to_list()


async def note_opened(db: Database, order_id: str, now: datetime) -> None:
    """Count an opening of the order's page, with the times of the first and last."""
    await db.orders.update_one({"_id": order_id}, one_more("opens", now))


async def call_operator(
    db: Database, order_id: str, reason: str, now: datetime, *, kind: str = "needs_attention"
) -> None:
    """Mark the order as needing attention, and raise an alert of that kind. The first reason is kept."""
    # The alert first: a needless one is better than trouble without one.
    await raise_alert(db, kind, reason, now, order=order_id)
    await db.orders.update_one({"_id": order_id, "attention": None}, {"$set": {"attention": reason}})


async def fail_order(
    db: Database,
    order_id: str,
    reason: str,
    now: datetime,
    *,
    kind: str = "needs_attention",
    errand: Errand | None = None,
) -> None:
    """Call an operator, as `call_operator` does, for an order that cannot be finished without one.

    The errands added here decide later on the customer's mail and refund. `errand` is the one that failed, if it
    was one. It is not added.
    """
    await call_operator(db, order_id, reason, now, kind=kind)
    decisions = {"errands.tell_failure": now, "errands.refund_order": now}
    decisions.pop(f"errands.{errand}", None)
    facts = {"failed_at": now, **decisions}
    await db.orders.update_one({"_id": order_id, "failed_at": None}, {"$set": facts, "$min": {"errands_at": now}})


async def release_operator(db: Database, order_id: str, reason: str) -> None:
    """Clear the order's need for attention and its alert, if they are for that reason. The cause was mended."""
    mended = {"$set": {"attention": None, "failed_at": None}}
    await db.orders.update_one({"_id": order_id, "attention": reason}, mended)
    await withdraw_alert(db, order_id, reason)


async def end_failure(db: Database, seen: Order) -> None:
    """Clear the failure with which an order was seen, since it can be finished after all."""
    await db.orders.update_one({"_id": seen["_id"], "failed_at": seen["failed_at"]}, {"$set": {"failed_at": None}})


async def note_purchase(db: Database, seen: Order, purchase: Purchase, now: datetime) -> None:
    """Correct the purchase of an order that was seen with an objection."""
    known = errand_update("check_promise", now)
    known["$set"] |= purchase
    await db.orders.update_one({"_id": seen["_id"], "objection": seen["objection"], "forgotten_at": None}, known)


async def await_details(db: Database, order_id: str, by: datetime, ask_at: datetime | None) -> None:
    """Set the time until which the customer may fill in missing details before an operator is called.

    From `ask_at` on the sweep asks for the letter to the customer. It is None if there is no address.
    """
    errands = {"errands.end_patience": by} | ({"errands.ask_details": ask_at} if ask_at else {})
    update = {"$set": {"details_by": by, **errands}, "$min": {"errands_at": min(errands.values())}}
    unasked = {"_id": order_id, "missing": {"$ne": []}, "details_by": {"$exists": False}}
    await db.orders.update_one(unasked, update)


async def fill_details(db: Database, order_id: str, given: dict[str, str], now: datetime) -> None:
    """Add answers (and the `email`) that were missing. Those that were there stay.

    The update that adds the last one to an order whose customer was asked is also the durable intent to start it.
    """
    for name, value in given.items():
        await _fill(db, order_id, name, value, now)


async def _fill(db: Database, order_id: str, name: str, value: str, now: datetime) -> None:
    """Add one answer, by the first of these updates whose filter holds.

    Answers only become fewer, and their customer is asked once, so that whatever happens between two of the
    updates, a later one still fits.
    """
    filled: Document = {"$set": {"email" if name == "email" else f"answers.{name}": value}}
    filled["$pull"] = {"missing": name}
    start = errand_update("start_order", now + ERRAND_CHECK) | {"$pull": {"missing": name}}
    start["$unset"] = {"details_by": ""}
    start["$set"] |= {**filled["$set"], "filled_at": now, "errands.check_promise": now + ERRAND_CHECK}
    mended = start | {"$set": {**start["$set"], "attention": None}}
    last: Document = {"_id": order_id, "missing": [name]}
    for still, update in (
        ({"_id": order_id, "missing": name, "missing.1": {"$exists": True}}, filled),
        ({**last, "details_by": {"$exists": False}}, filled),
        ({**last, "attention": DETAILS_OVERDUE}, mended),
        (last, start),
    ):
        if await updated(db.orders, still, update):
            return


async def change_address(db: Database, order_id: str, email: str, *, of_gift: bool = False) -> None:
    """Change the address to which the customer's mail goes from now on, or that of a gift's recipient."""
    field = "gift.email" if of_gift else "email"
    await db.orders.update_one({"_id": order_id, "forgotten_at": None}, {"$set": {field: email}})
