"""Corrections of answers: what the customer meant is written over what was typed, and the reports are made anew.

Customers correct them until the first section is bought from them, and may ask an operator for it afterwards.

The answers, the record of the old ones and the intent to make every report again are one update. Each report then
gets a new run, and an order with that run has the new answers: a worker that claims a step of it and remembers the
order with an older run reads the order again.
"""

from datetime import datetime

from storage.database import Database, Document, updated
from storage.errands import ERRAND_CHECK, errand_update
from storage.records.orders import CUSTOMER, Correction, CustomerRequest, Order

_LETTER, _REPLAY = "errands.complete_order", "errands.resume_replay"
#: The most corrections that an order has room for at its customer's own hand.
MOST_BY_CUSTOMER = 20


def uncorrected_since(seen: Order) -> Document:
    """Return the filter for an order that no correction has taken back since it was seen.

    One that was delivered, and is to be made again, looks in all else as it did before its delivery.
    """
    return {f"corrections.{len(seen.get('corrections', ()))}": {"$exists": False}}


async def use_answers(db: Database, seen: Order, now: datetime) -> bool:
    """Record that a section is about to be bought from an order's answers: its customer cannot change them (T11c).

    False if they are not as they were seen any more, or what was made from others is about to be made again.
    """
    still = {"_id": seen["_id"], "answers": seen["answers"], "remaking": {"$exists": False}}
    return await updated(db.orders, still, {"$min": {"written_from": now}})


async def correct_answers(
    db: Database, seen: Order, correction: Correction, due_at: datetime | None, *, granting: bool = False
) -> bool:
    """Correct the answers of an order, with a durable intent to make its reports again and to deliver them again.

    `due_at` is when they are promised for, if somebody waits for them. With `granting` it is what the customer
    asked for. False if the order is not as it was seen, or is being replayed, or if it is the customer's own
    correction and the first section is bought.
    """
    still: Document = {name: seen[name] for name in ("_id", "answers", "run", "letter", "delivered_at")}
    still |= {"stopped": False, "on_hold": False, "forgotten_at": None, "forget_asked_at": None}
    still[_REPLAY] = {"$exists": False}
    if correction["who"] == CUSTOMER:
        still |= {"written_from": None, f"corrections.{MOST_BY_CUSTOMER - 1}": {"$exists": False}}
    answers = correction["after"]
    # It is forgotten so long after the delivery that is still to come.
    over = {_LETTER, "errands.forget_order", *(f"unread.{name}" for name in answers)}
    over |= {f"answers.{name}" for name, value in answers.items() if not value}
    if granting:
        still["request"] = seen.get("request")
        over.add("request")
    update = errand_update("resume_replay", correction["at"] + ERRAND_CHECK)
    update["$set"] |= {f"answers.{name}": value for name, value in answers.items() if value}
    update["$set"] |= {"remaking": {product: run + 1 for product, run in seen["run"].items()}}
    update["$set"] |= {"letter": None, "delivered_at": None, "stored_at": None}
    if due_at is not None:
        update["$set"]["errands.check_promise"] = due_at
    update["$unset"] = dict.fromkeys(over, "")
    update["$push"] = {"corrections": correction}
    return await updated(db.orders, still, update)


async def settle_answer(db: Database, seen: Order, name: str, value: str | None) -> None:
    """Say an answer more exactly, or take it back, in an order that has it as it was seen and lacks others."""
    field = f"answers.{name}"
    still: Document = {"_id": seen["_id"], "missing": {"$ne": []}, field: seen["answers"][name]}
    await db.orders.update_one(still, {"$set": {field: value}} if value else {"$unset": {field: ""}})


async def request_remake(db: Database, seen: Order, request: CustomerRequest) -> bool:
    """Record that a customer asks for the order's one free remake.

    False if the order is not as it was seen, or waits for an operator's answer to another request.
    """
    still: Document = {"_id": seen["_id"], "answers": seen["answers"], "remake_asked_at": None}
    still |= {"stopped": False, "on_hold": False, "request": None, "forgotten_at": None, "forget_asked_at": None}
    asked = {"$set": {"request": request, "remake_asked_at": request["at"]}}
    return await updated(db.orders, still, asked)


async def settle_request(db: Database, seen: Order, due_at: datetime | None) -> bool:
    """End an order's request without granting it. False if it is not as it was seen.

    With a time, add the errand by which the work goes on that the request has stopped.
    """
    still = {"_id": seen["_id"], "request": seen.get("request")}
    update: Document = errand_update("heed_pause", due_at) if due_at is not None else {}
    update |= {"$unset": {"request": ""}}
    return await updated(db.orders, still, update)


async def begin_remake(db: Database, order_id: str, product: str, run: int) -> bool:
    """Begin the new run of a report that a correction makes again. Safe to repeat (T17).

    False if the correction is carried out already, maybe without that report, which had not begun by then.
    """
    older = {"_id": order_id, f"remaking.{product}": run, f"run.{product}": run - 1}
    unstored = {"$unset": {_LETTER: ""}, "$pull": {"stored": product}}
    update = {"$set": {f"run.{product}": run, "stored_at": None}, **unstored}
    begun = {"_id": order_id, f"remaking.{product}": run, f"run.{product}": run}
    return await updated(db.orders, older, update) or await db.orders.count_documents(begun) == 1


async def end_remaking(db: Database, seen: Order) -> None:
    """Clear the intent of a correction, since the steps of all reports are reset (T17).

    That of a later correction stays: it has the same runs if no report was begun before.
    """
    still = {"_id": seen["_id"], "remaking": seen["remaking"], **uncorrected_since(seen)}
    await db.orders.update_one(still, {"$unset": {"remaking": "", _REPLAY: ""}})
