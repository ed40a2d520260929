"""Deliveries: one document an order and letter, with its sender and the mail server's answer.

A letter's name is its kind, with a number where an order may have several.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import Database, insert_once, updated
from storage.records.mail import Delivery, DeliveryState


def resend_name(number: int) -> str:
    """Return the name of an order's resend letter of that number."""
    return f"resend-{number}"


def correction_name(number: int) -> str:
    """Return the name of the letter that brings an order's reports after its correction of that number."""
    return f"correction-{number}"


def letter_kind(letter: str) -> str:
    """Return the kind of the letter of that name."""
    return letter.partition("-")[0]


async def claim_delivery(
    db: Database, order_id: str, letter: str, message_id: str, until: datetime
) -> Delivery | None:
    """Start the delivery of a letter. Returns it as claimed, or None if there is one already (T19)."""
    delivery: Delivery = {
        "_id": f"{order_id}:{letter}",
        "order": order_id,
        "kind": letter_kind(letter),
        "message_id": message_id,
        "state": "claimed",
        "epoch": 1,
        "until": until,
        "tries": 0,
    }
    return delivery if await insert_once(db.deliveries, delivery) else None


async def retake_delivery(
    db: Database, order_id: str, letter: str, now: datetime, until: datetime
) -> Delivery | None:
    """Take over a delivery that waited its turn, or whose sender is out of time by 5 s or more (T22).

    Returns it as claimed, or None if there is none, it is not due, or it is over.
    """
    delivery = await db.deliveries.find_one({"_id": f"{order_id}:{letter}"})
    if delivery is None or delivery["state"] not in {"claimed", "sending", "waiting"}:
        return None
    margin = timedelta(seconds=0 if delivery["state"] == "waiting" else 5)
    seen = {"_id": delivery["_id"], "state": delivery["state"], "epoch": delivery["epoch"]}
    update = {"$set": {"state": "claimed", "until": until}, "$inc": {"epoch": 1}}
    taken = await updated(db.deliveries, {**seen, "until": {"$lte": now - margin}}, update)
    return {**delivery, "state": "claimed", "epoch": delivery["epoch"] + 1} if taken else None


async def start_sending(db: Database, delivery: Delivery, until: datetime) -> bool:
    """Mark a delivery as being sent, as the last look before the mail server. False if it was retaken (T20)."""
    mine = {"_id": delivery["_id"], "state": "claimed", "epoch": delivery["epoch"]}
    update = {"$set": {"state": "sending", "until": until}, "$inc": {"epoch": 1, "tries": 1}}
    return await updated(db.deliveries, mine, update)


async def mark_sent(db: Database, delivery_id: str, answer: str, now: datetime) -> None:
    """Record that the mail server has accepted the letter, whichever worker holds the delivery by now (T21)."""
    sent = {"$set": {"state": "sent", "sent_at": now}, "$push": {"accepted": {"at": now, "answer": answer}}}
    await db.deliveries.update_one({"_id": delivery_id}, sent)


async def postpone_delivery(db: Database, delivery: Delivery, due_at: datetime, error: str) -> None:
    """Let a delivery wait until it is due, since the mail server cannot take it now."""
    mine = {"_id": delivery["_id"], "state": "sending", "epoch": delivery["epoch"] + 1}
    await db.deliveries.update_one(mine, {"$set": {"state": "waiting", "until": due_at, "error": error}})


async def hasten_delivery(db: Database, postponed: Delivery, now: datetime) -> bool:
    """Let a delivery be taken that waits. False if it was taken since it was postponed, or waits no more."""
    waiting = {"_id": postponed["_id"], "state": "waiting", "epoch": postponed["epoch"] + 1}
    return await updated(db.deliveries, waiting, {"$set": {"until": now}})


async def refuse_delivery(db: Database, delivery: Delivery, error: str) -> None:
    """Mark a delivery as refused: the mail server will never take it. An operator must mend the address."""
    mine = {"_id": delivery["_id"], "state": "sending", "epoch": delivery["epoch"] + 1}
    await db.deliveries.update_one(mine, {"$set": {"state": "refused", "error": error}})


async def revive_deliveries(db: Database, order_id: str, now: datetime) -> None:
    """Let refused letters be tried again, since the address was mended or the server changed its mind."""
    refused = {"order": order_id, "state": "refused"}
    await db.deliveries.update_many(refused, {"$set": {"state": "waiting", "until": now}})


async def find_delivery(db: Database, order_id: str, letter: str) -> Delivery | None:
    """Return the delivery of a letter, or None."""
    return await db.deliveries.find_one({"_id": f"{order_id}:{letter}"})


async def deliveries_of(db: Database, order_id: str) -> list[Delivery]:
    """Return the deliveries of all letters of an order."""
    return await deliveries_about(db, [order_id])


async def deliveries_about(db: Database, orders: Sequence[str]) -> list[Delivery]:
    """Return the deliveries of all letters of some orders."""
    return await db.deliveries.find({"order": {"$in": list(orders)}}).to_list()


async def latest_deliveries(db: Database, states: Sequence[DeliveryState], limit: int) -> list[Delivery]:
    """Return the deliveries in those states, those that are due or were touched last first."""
    return await db.deliveries.find({"state": {"$in": list(states)}}).sort("until", -1).limit(limit).to_list()
