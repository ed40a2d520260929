"""Details that are missing: the customer is asked for them first, then an operator, and Stripe for the product."""

from datetime import datetime

import msgspec

from actors.deps.worker import WorkDeps
from actors.intake.draft import purchase_of
from actors.intake.placing import start_order
from actors.intake.session import CheckoutSession
from actors.mail.progress import details
from actors.orders.errands.delivery import deliver
from actors.products.catalogue import offer_of, questions_of
from infra.errors import PermanentError
from infra.logs import log
from storage.forms import find_forms
from storage.order_state import is_refunded
from storage.orders import DETAILS_OVERDUE, call_operator, find_order, note_purchase, release_operator
from storage.records.orders import Order


async def ask_details(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the letter with a link to the form for missing details, once.

    Sends nothing if the details are there by now, or if the money goes back.
    """
    if not order["missing"] or not order["email"] or is_refunded(order):
        return None
    asked = await deliver(deps, order, "ask_details", "details", lambda: details(deps, order, deps.clock.now()))
    return asked.again_at


async def end_patience(deps: WorkDeps, order: Order) -> datetime | None:
    """Call the operator for an order whose customer has not filled in the missing details in time."""
    now = deps.clock.now()
    if not order["missing"]:  # filled in, and a crash kept the form from saying so
        await start_order(deps, order)
    elif now < order.get("details_by", now):
        return order["details_by"]
    elif not is_refunded(order):
        await call_operator(deps.db, order["_id"], DETAILS_OVERDUE, now)
    return None


async def identify_order(deps: WorkDeps, order: Order) -> datetime | None:
    """Find an order's product by the price's lookup key, or after a remedy, and begin it if it may begin."""
    if "forgotten_at" in order:
        return None
    if order["objection"] is not None:
        session = await _session_of(deps, order["_id"])
        if session is None or not await _judge_anew(deps, order, session):
            return None
    # Done also for an order that was examined anew by a process that died right afterwards.
    await start_order(deps, await find_order(deps.db, order["_id"]) or order)
    return None


async def _session_of(deps: WorkDeps, session_id: str) -> CheckoutSession | None:
    try:
        return msgspec.convert(await deps.stripe.session(session_id), CheckoutSession)
    except (PermanentError, msgspec.ValidationError) as error:
        log.warning("order_not_identified", order=session_id, error=type(error).__name__)
        return None


async def _judge_anew(deps: WorkDeps, order: Order, session: CheckoutSession) -> bool:
    """Record the purchase, and withdraw the old objection. False if it still holds."""
    forms = await find_forms(deps.db, [session.reference]) if session.reference else {}
    now = deps.clock.now()
    bought = purchase_of(deps, session, forms.get(session.reference or ""), now)
    if order["objection"] is None or bought["objection"] == order["objection"]:
        return False
    await release_operator(deps.db, order["_id"], order["objection"])
    # Details that the customer, or an operator, has filled in since are not missing again.
    asked = questions_of(offer_of(bought["product"]))
    answers = bought["answers"] | {name: value for name, value in order["answers"].items() if name in asked}
    known = answers.keys() | ({"email"} if order["email"] else set())
    missing = [name for name in bought["missing"] if name not in known]
    await note_purchase(deps.db, order, {**bought, "answers": answers, "missing": missing}, now)
    return True
