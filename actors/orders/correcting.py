"""Writes corrections of answers, whoever makes them. Their work is the errand `resume_replay`."""

from datetime import datetime, timedelta

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.products.catalogue import offer_of
from infra.errors import PressroomError
from storage.corrections import correct_answers
from storage.order_state import is_refunded
from storage.records.orders import Correction, Order


class CorrectionIsImpossible(PressroomError):
    """The order's answers must not change now."""


def why_not_correctable(order: Order) -> str | None:
    """Return the reason why an order's answers cannot be corrected now, or None."""
    if "forgotten_at" in order:
        return "Its customer is forgotten."
    if is_refunded(order) or order["refund_failed"]:
        return "It is refunded, or its refund is under way."
    if order["on_hold"] or order["dispute_lost"]:
        return "It is disputed: what was delivered is evidence."
    if "resume_replay" in order["errands"]:
        return "It is just being made again. Look again in a minute."
    if order["letter"] is not None and order["delivered_at"] is None:
        return "Its mail is on its way. Correct it once that has arrived."
    return None


async def write_correction(
    deps: Deps, order: Order, answers: dict[str, str], who: str, *, granting: bool = False
) -> bool:
    """Write new answers into an order as it was seen, and begin to make it again. False if it has changed."""
    now = deps.clock.now()
    before = {name: order["answers"][name] for name in answers if name in order["answers"]}
    correction: Correction = {
        "at": now,
        "who": who,
        "before": before,
        "after": answers,
        "delivered_at": order["delivered_at"],
    }
    corrected = await correct_answers(deps.db, order, correction, _due_at(order, now), granting=granting)
    if corrected:
        await send_errand(deps, "resume_replay", order["_id"])
    return corrected


def _due_at(order: Order, now: datetime) -> datetime | None:
    offer = offer_of(order["product"])
    return now + timedelta(seconds=offer.promise_s) if offer and order["paid_at"] else None
