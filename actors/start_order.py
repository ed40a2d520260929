"""Nothing is missing any more: an order's reports are opened, if a crash kept the form's own request from it."""

from actors.engine.sending import send_all
from actors.intake.deps import IntakeDeps
from actors.intake.placing import see_to
from storage.errands import end_errand
from storage.orders import find_orders


async def start_order(deps: IntakeDeps, order_id: str) -> None:
    """Begin what may begin, and forget the intent."""
    posts = await see_to(deps, await find_orders(deps.db, [order_id]))
    await end_errand(deps.db, order_id, "start_order")
    await send_all(deps, posts)
