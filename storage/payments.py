"""Payments: refunds and disputes after a payment, as facts of Stripe's that only accumulate.

One document a payment intent, whether its order is known yet or not. Facts are joined by minimum and maximum, so
any order of arrival and any repetition of Stripe's events leaves the same document.
"""

from storage.database import Database, KeyIsTaken
from storage.records.orders import Payment, PaymentState

#: The states of a dispute. The later of two is the greater one.
DISPUTE_OPEN, DISPUTE_ENDED, DISPUTE_LOST = 1, 2, 3


async def note_refunded(db: Database, intent: str, *, charged: int, refunded: int, at: int) -> None:
    """Record that a charge of `charged` stood at `refunded` at that moment, in Unix time (T2r)."""
    await _join(db, intent, {"charged": charged, f"refunded.{at}": refunded})


async def note_failed_refund(db: Database, intent: str, refund: str, *, amount: int, at: int) -> None:
    """Record that the bank sent a refund back. `refund` is its id (T2r)."""
    await _join(db, intent, {f"failed.{refund}.amount": amount}, {f"failed.{refund}.at": at})


async def note_dispute(db: Database, intent: str, dispute: str, word: int) -> None:
    """Record that a dispute, by its id, is open, ended or lost (T2r)."""
    await _join(db, intent, {f"disputes.{dispute}": word})


async def _join(db: Database, intent: str, most: dict[str, int], least: dict[str, int] | None = None) -> None:
    update = {"$max": most, "$inc": {"version": 1}} | ({"$min": least} if least else {})
    try:
        await db.payments.update_one({"_id": intent}, update, upsert=True)
    except KeyIsTaken:  # two first facts at once: the document is there now
        await db.payments.update_one({"_id": intent}, update)


async def find_payments(db: Database, intents: list[str]) -> list[Payment]:
    """Return the documents of those payments."""
    return await db.payments.find({"_id": {"$in": intents}}).to_list()


def payment_state(payment: Payment) -> PaymentState:
    """Return the standing of a payment by its facts.

    Stripe's latest word on the charge counts, less the refunds that failed since. Earlier failures are in it
    already.
    """
    words = {int(at): amount for at, amount in payment.get("refunded", {}).items()}
    failed = payment.get("failed", {}).values()
    latest = max(words, default=0)
    returned = sum(refund["amount"] for refund in failed if refund["at"] >= latest)
    refunded = max(0, words.get(latest, 0) - returned)
    disputes = payment.get("disputes", {}).values()
    return {
        "amount_refunded": refunded,
        "stopped": 0 < payment.get("charged", 0) <= refunded,
        "refund_failed": bool(failed),
        "on_hold": any(word != DISPUTE_ENDED for word in disputes),
        "dispute_lost": DISPUTE_LOST in disputes,
    }
