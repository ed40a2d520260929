"""Something that a report needs is missing: the customer gets a link to its form."""

from actors.engine.mailing import deliver
from actors.letters.progress import details
from actors.start_order import start_order
from actors.work_deps import WorkDeps
from storage.errands import end_errand
from storage.orders import DETAILS_OVERDUE, call_operator, find_order


async def end_patience(deps: WorkDeps, order_id: str) -> None:
    """Put an order before an operator whose customer has not filled in what is missing in time."""
    order = await find_order(deps.db, order_id)
    if order is not None and order["missing"] and not order["stopped"]:
        await call_operator(deps.db, order_id, DETAILS_OVERDUE, deps.clock.now())
    elif order is not None:  # filled in, and a crash kept the form from saying so
        await start_order(deps, order_id)
    await end_errand(deps.db, order_id, "end_patience")


async def ask_details(deps: WorkDeps, order_id: str) -> None:
    """Send the letter that asks for what is missing, once; nothing if it is there by now."""
    order = await find_order(deps.db, order_id)
    if order is None:
        return
    waits = order["missing"] and order["email"] and not order["stopped"]
    if not waits or await deliver(
        deps, order_id, "ask_details", "details", lambda: details(deps, order, deps.clock.now())
    ):
        await end_errand(deps.db, order_id, "ask_details")
