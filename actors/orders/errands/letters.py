"""Letters on how an order stands: it was taken, is late, failed, is ready, sent again, or was withdrawn from."""

from datetime import datetime, timedelta
from functools import partial

from actors.deps.worker import WorkDeps
from actors.mail.ending import failure, withdrawal
from actors.mail.progress import confirmation, delay
from actors.mail.reports import completion, correction, resend
from actors.orders.errands.delivery import as_it_stands, deliver, look_again_at
from actors.orders.errands.retention import forget_at
from actors.orders.estimate import estimate_s
from actors.orders.hindrances import withheld_for
from actors.orders.promise import promise_of, promised_at
from infra.logs import log
from infra.tracing import tell_order
from storage.alerts import raise_alert, withdraw_alert
from storage.corrections import uncorrected_since
from storage.deliveries import correction_name, resend_name
from storage.endings import choose_completion, mark_delivered, reserve_notice
from storage.errands import ERRAND_CHECK
from storage.order_state import is_early, is_told, is_withdrawn, paid_at, was_delivered
from storage.records.orders import Order
from storage.reports import reports_of

_LATE = "The order is not ready when it was promised for."
#: The shortest pause before an order that failed is looked at again. An operator mends it, and its customer hears
#: of that.
_LOOK_AGAIN = timedelta(minutes=15)


async def confirm_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the confirmation, once. Sends nothing if another letter tells how the order stands, or will."""
    now = deps.clock.now()
    if order["stopped"] or order["failed_at"] or is_told(order):
        return None
    if order["on_hold"] or is_withdrawn(order):
        return look_again_at(order, now)
    seconds = await estimate_s(deps, order["products"])
    mail = await deliver(
        deps, order, "confirm_order", "confirmation", lambda: confirmation(deps, order, seconds, now)
    )
    return mail.again_at


async def check_promise(deps: WorkDeps, order: Order) -> datetime | None:
    """Alert the operator to an overdue order, and tell the customer once.

    An order that is not due yet is looked at again.
    """
    due_at, now = promised_at(order), deps.clock.now()
    if order["on_hold"] or is_withdrawn(order):
        return look_again_at(order, now, _LOOK_AGAIN)
    if due_at is None or now < due_at:
        return due_at
    if order["failed_at"] is not None:
        await _alert_of_delay(deps, order)
        return look_again_at(order, now, _LOOK_AGAIN)
    if not await reserve_notice(deps.db, order["_id"], "delay", now):
        return None
    await _alert_of_delay(deps, order)
    return (await deliver(deps, order, "check_promise", "delay", lambda: delay(deps, order, now))).again_at


async def _alert_of_delay(deps: WorkDeps, order: Order) -> None:
    await raise_alert(deps.db, "overdue", _LATE, deps.clock.now(), order=order["_id"])


async def tell_failure(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the letter about a failure, once, when its time has come. Sends nothing if it was mended by then."""
    now = deps.clock.now()
    if order["failed_at"] is None or order["paid_at"] is None or order["objection"] is not None:
        return None
    if not order["email"] or was_delivered(order):
        return None
    due_at = order["failed_at"] + timedelta(seconds=deps.settings.failure_letter_after_s)
    if now < due_at:
        return due_at
    if order["on_hold"] or is_withdrawn(order):
        return look_again_at(order, now)
    if not await reserve_notice(deps.db, order["_id"], "failure", now):
        return None
    return (await deliver(deps, order, "tell_failure", "failure", lambda: failure(deps, order, now))).again_at


async def complete_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the completion mail of an order whose reports are all stored, and mark it delivered.

    Does nothing before a gift's day, and while another worker sends it.
    """
    order_id, now = order["_id"], deps.clock.now()
    if order["delivered_at"] is not None or order["letter"] == "refund":
        return None
    if is_early(order, now):
        return order["gift"]["at"]
    if withheld_for(deps, order) or is_withdrawn(order):  # the end of either makes the errand due at once
        return look_again_at(order, now)
    if not await choose_completion(deps.db, order_id):
        return now + ERRAND_CHECK
    reports = await reports_of(deps.db, [order])
    again = was_delivered(order)
    name = correction_name(len(order["corrections"])) if again else "completion"
    compose = partial(correction if again else completion, deps, order, reports, now)
    mail = await deliver(deps, order, "complete_order", name, compose)
    if mail.sent:
        now = deps.clock.now()
        # A worker that wakes late finds the choice taken back, or made again for the letter after a correction.
        still = uncorrected_since(order)
        await mark_delivered(deps.db, order_id, now, forget_at(deps.settings, now), **still)
        if (due_at := promise_of(order)) is not None and due_at < now:
            await withdraw_alert(deps.db, order_id, _LATE)
        log.info("order_delivered", order=order_id)
        tell_order(order_id, paid_at(order), now, product=order["product"] or "", tenant=order["tenant"])
        return as_it_stands(order, "complete_order")  # the same write has ended the errand
    return mail.again_at


async def resend_reports(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the latest resend of an order, once. Sends nothing if it was refunded or disputed since."""
    if withheld_for(deps, order):
        return None
    reports, now = await reports_of(deps.db, [order]), deps.clock.now()
    name = resend_name(order["resends"]["count"])
    return (await deliver(deps, order, "resend_reports", name, lambda: resend(deps, order, reports, now))).again_at


async def confirm_withdrawal(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the receipt for a withdrawal, once. Without an address there is no receipt but the page."""
    at, now = order.get("withdrawn_at"), deps.clock.now()
    if at is None or not order["email"]:
        return None
    name = "withdrawal"
    mail = await deliver(deps, order, "confirm_withdrawal", name, lambda: withdrawal(deps, order, at, now))
    return mail.again_at
