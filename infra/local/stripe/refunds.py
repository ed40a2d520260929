"""Money that goes back."""

from infra.local.stripe.account import CHARGES, REFUNDS, Account
from infra.local.stripe.objects import new_refund
from infra.local.stripe.wire import Json, Refusal


def create_refund(account: Account, form: Json) -> Json:
    """Give back `amount`, what remains if not given, of a `charge` or of a `payment_intent`'s."""
    named = form.get("charge")
    charge = account.find(CHARGES, named) if named else account.find_charge(form.get("payment_intent"))
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    remaining = charge["amount"] - charge["amount_refunded"]
    amount = int(form.get("amount", remaining))
    if remaining == 0:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= remaining:
        raise Refusal(f"{amount} is not between 1 and the {remaining} not yet refunded.", param="amount")
    refund = account.keep(REFUNDS, new_refund(charge, amount, form))
    charge["amount_refunded"] += amount
    charge["refunded"] = amount == remaining
    account.emit("charge.refunded", charge, {name: was for name, was in before.items() if charge[name] != was})
    return refund
