"""Withdrawals: what a customer declares about an order, and what follows from it, in one update."""

from datetime import datetime

from storage.corrections import uncorrected_since
from storage.database import Database, Document, updated
from storage.errands import ERRAND_CHECK, errand_update
from storage.records.orders import CustomerRequest, Order


async def record_withdrawal(db: Database, seen: Order, now: datetime, *, refunding: bool) -> bool:
    """Record that an order's customer withdraws from the contract, with the errand that confirms it by mail.

    With `refunding` the order ends with a refund (T18r); else an operator has to see to it. An open request for a
    remake ends. False if the order is not as it was seen, which includes that it was withdrawn from before.
    """
    still: Document = {name: seen[name] for name in ("_id", "letter", "delivered_at", "on_hold", "refund_failed")}
    still |= {"withdrawn_at": None, "forgotten_at": None, "stopped": False, "request": seen.get("request")}
    still |= uncorrected_since(seen)
    due_at = now + ERRAND_CHECK
    update = errand_update("confirm_withdrawal", due_at)
    update["$set"]["withdrawn_at"] = now
    request: CustomerRequest = {"kind": "withdrawal", "at": now, "answers": {}}
    if refunding:
        still["stored"] = seen["stored"]
        update["$set"] |= {"letter": "refund", "errands.refund_order": due_at}
        update["$unset"] = {"request": ""}
    else:
        update["$set"]["request"] = request
    return await updated(db.orders, still, update)
