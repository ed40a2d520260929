"""Writes corrections of answers, whoever makes them. Their work is the errand `resume_replay`."""

from datetime import datetime, timedelta

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.products.catalogue import offer_of
from infra.errors import PressroomError
from storage.corrections import correct_answers
from storage.records.orders import Correction, Order


class CorrectionIsImpossible(PressroomError):
    """The order's answers must not change now."""


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
