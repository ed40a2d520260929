"""Refunds, also those that fail afterwards, and disputes."""

from infra.local.stripe.account import CHARGES, DISPUTES, REFUNDS, Account, change
from infra.local.stripe.objects import new_dispute, new_refund
from infra.local.stripe.wire import Json, Refusal


def create_refund(account: Account, form: Json) -> Json:
    """Give back `amount` (the rest, if not given) of a `charge`, or of that of a `payment_intent`."""
    named = form.get("charge")
    charge = account.find(CHARGES, named) if named else account.find_charge(form.get("payment_intent"))
    remaining = charge["amount"] - charge["amount_refunded"]
    amount = int(form.get("amount", remaining))
    _require_refundable(account, charge, amount, remaining)
    refund = account.keep(REFUNDS, new_refund(charge, amount, form))
    account.emit("charge.refunded", charge, _count_refunded(charge, amount))
    return refund


def fail_refund(account: Account, refund: str) -> None:
    """Let the payer's bank send the money back: the charge is less refunded again."""
    found = account.find(REFUNDS, refund)
    if found["status"] == "failed":
        raise Refusal(f"The refund {refund} has failed already.")
    found["status"], found["failure_reason"] = "failed", "unknown"
    _count_refunded(account.find(CHARGES, found["charge"]), -found["amount"])
    account.emit("refund.failed", found)


def open_dispute(account: Account, payment_intent: str, reason: str = "general") -> str:
    """Dispute the whole charge. Returns the dispute's id."""
    charge = account.find_charge(payment_intent)
    charge["disputed"] = True
    dispute = account.keep(DISPUTES, new_dispute(charge, reason))
    account.emit("charge.dispute.created", dispute)
    return str(dispute["id"])


def close_dispute(account: Account, dispute: str, outcome: str) -> None:
    """Decide a dispute: `won` by the shop, `lost`, or `prevented` by giving the money back."""
    found = account.find(DISPUTES, dispute)
    if found["status"] != "needs_response":
        raise Refusal(f"The dispute {dispute} is {found['status']} already.")
    account.emit("charge.dispute.closed", found, change(found, status=outcome))


def _require_refundable(account: Account, charge: Json, amount: int, remaining: int) -> None:
    if remaining == 0:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if any(one["charge"] == charge["id"] and one["status"] != "won" for one in account.all(DISPUTES)):
        raise Refusal(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    if not 0 < amount <= remaining:
        raise Refusal(f"{amount} is not between 1 and the {remaining} not yet refunded.", param="amount")


def _count_refunded(charge: Json, amount: int) -> Json:
    refunded = charge["amount_refunded"] + amount
    return change(charge, amount_refunded=refunded, refunded=refunded == charge["amount"])
