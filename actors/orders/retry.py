"""An operator's word that an order is to be tried again, now that what hindered it is mended."""

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.orders.mending import close_letter
from infra.errors import PressroomError, TransientError
from storage.audit import Warrant, record_action
from storage.dead_letters import dead_letters
from storage.errands import ERRAND_CHECK, add_errand
from storage.orders import find_order

_MOST = 1000


class NothingToRetry(PressroomError):
    """There is no such order, or nothing that hinders it."""


async def retry_order(deps: Deps, order_id: str, warrant: Warrant) -> list[PressroomError]:
    """Replay an order's open dead letters, and judge anew what it was objected to; return what cannot be replayed.

    On the record; NothingToRetry says why not. Whatever is done already is reused.
    """
    order = await find_order(deps.db, order_id)
    if order is None or "forgotten_at" in order:
        raise NothingToRetry(f"There is no order {order_id}, or no more.")
    letters = await dead_letters(deps.db, limit=_MOST, order=order_id, state="open")
    if order["objection"] is None and not letters:
        raise NothingToRetry(f"Nothing of order {order_id} is dead or objected to.")
    now = deps.clock.now()
    await record_action(deps.db, warrant, "retried", order_id, order["objection"] or "dead letters", now)
    if order["objection"] is not None:
        await add_errand(deps.db, order_id, "identify_order", now + ERRAND_CHECK)
        await send_errand(deps, "identify_order", order_id)
    refusals = []
    for letter in letters:
        try:
            await close_letter(deps, letter["_id"], "replayed", warrant)
        except TransientError:
            raise
        except PressroomError as error:
            refusals.append(error)
    return refusals
