"""Payments that take days: Stripe is asked for them, since the event of one may be lost, or not be sent."""

from datetime import datetime, timedelta

from actors.deps.worker import WorkDeps
from actors.intake.events import PAID
from actors.intake.reconcile import place_session
from infra.errors import PermanentError
from infra.logs import log
from storage.alerts import raise_alert, withdraw_alert
from storage.orders import note_ended
from storage.records.orders import Order

#: The time between two looks at Stripe.
_AGAIN = timedelta(days=1)
#: Longer than any delayed payment takes: a voucher may be paid after sixty days.
_LONGEST = timedelta(days=90)
_UNKNOWN = "Nobody knows whether it was paid: Stripe has refused for months to show its session."


async def check_payment(deps: WorkDeps, order: Order) -> datetime | None:
    """Ask Stripe whether an order is paid by now, and place it as its event would have. In the end it is none.

    Without an answer of Stripe's it has no end, and an operator hears of that.
    """
    now = deps.clock.now()
    if order["paid_at"] is not None or order["ended_at"] is not None:
        return None
    try:
        session = await deps.stripe.session(order["_id"])
    except PermanentError as error:  # a key that is being changed, or another account's session
        log.warning("payment_not_looked_up", order=order["_id"], error=type(error).__name__)
        if now - order["placed_at"] >= _LONGEST:
            await raise_alert(deps.db, "reconcile", _UNKNOWN, now, order=order["_id"])
        return now + _AGAIN
    await withdraw_alert(deps.db, order["_id"], _UNKNOWN)
    if session["payment_status"] in PAID:
        text = "It was paid days after its checkout, and no event told of that. Does the webhook take all events?"
        await raise_alert(deps.db, "reconcile", text, now, order=order["_id"])
        await place_session(deps, session)
    elif now - order["placed_at"] >= _LONGEST:
        await note_ended(deps.db, order["_id"], now)
    else:
        return now + _AGAIN
    return None
