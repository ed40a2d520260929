"""A long order is begun: its customer hears that it was taken, and how long it takes."""

from actors.engine.mailing import HELD_BACK, deliver
from actors.estimate import estimate_s
from actors.letters.progress import confirmation
from actors.work_deps import WorkDeps
from storage.errands import delay_errand, end_errand
from storage.orders import find_order


async def confirm_order(deps: WorkDeps, order_id: str) -> None:
    """Send the confirmation, once; nothing if the reports are there by now, or the money is back."""
    order = await find_order(deps.db, order_id)
    if order is None or order["stopped"] or order["stored_at"] is not None or order["letter"] is not None:
        await end_errand(deps.db, order_id, "confirm_order")
        return
    if order["on_hold"]:
        await delay_errand(deps.db, order_id, "confirm_order", deps.clock.now() + HELD_BACK)
        return
    seconds, now = await estimate_s(deps, order["products"]), deps.clock.now()
    if await deliver(
        deps, order_id, "confirm_order", "confirmation", lambda: confirmation(deps, order, seconds, now)
    ):
        await end_errand(deps.db, order_id, "confirm_order")
