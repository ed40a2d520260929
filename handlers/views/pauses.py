"""Views of pauses of work."""

from typing import TypedDict

from actors.deps.process import Deps
from handlers.views.orders import as_text
from storage.records.orders import Order
from storage.work_pauses import PROVIDER, find_work_pauses


class PauseView(TypedDict):
    """Pause that holds."""

    subject: str
    until: str | None
    who: str
    reason: str


async def pauses_that_hold(deps: Deps) -> list[PauseView]:
    """Return the pauses that hold, the first to end first."""
    now = deps.clock.now()
    found = sorted(await find_work_pauses(deps.db), key=lambda pause: pause["until"])
    return [
        {"subject": one["_id"], "until": as_text(one["until"]), "who": one["who"], "reason": one["reason"]}
        for one in found
        if one["until"] > now
    ]


async def pauses_of(deps: Deps, order: Order) -> list[PauseView]:
    """Return the pauses that hold back work of an order that is not made yet, the first to end first."""
    if order["paid_at"] is None or order["stored_at"] is not None or order["stopped"]:
        return []
    subjects = {PROVIDER, f"tenant:{order['tenant']}", *(f"product:{name}" for name in order["products"])}
    return [one for one in await pauses_that_hold(deps) if one["subject"] in subjects]
