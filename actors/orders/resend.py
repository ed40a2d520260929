"""Sends an order's reports again: a customer asks within bounds, an operator with an entry in the audit trail."""

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.orders.hindrances import why_not_resent
from infra.errors import PressroomError
from infra.logs import log
from storage.audit import Authority, record_action
from storage.orders import named_order
from storage.records.orders import Order
from storage.resends import may_ask_at, note_resend


class ResendIsImpossible(PressroomError):
    """The order has nothing to send again, or must not be sent."""


class ResendIsTooSoon(PressroomError):
    """The reports were sent a moment ago, or often enough for a day. They may be sent again in `seconds`."""

    def __init__(self, seconds: int) -> None:
        """Name the seconds to wait in the error's sentence."""
        super().__init__(f"The reports may be sent again in {seconds} s.")
        self.seconds = seconds


async def ask_resend(deps: Deps, order: Order) -> None:
    """Send an order's reports again at its customer's request.

    Repeated requests while it is under way are one resend. ResendIsImpossible or ResendIsTooSoon if it is not
    allowed.
    """
    _expect_possible(deps, order)
    if "resend_reports" in order["errands"]:
        return
    now = deps.clock.now()
    if (wait := may_ask_at(order, now) - now).total_seconds() > 0:
        raise ResendIsTooSoon(int(wait.total_seconds()) + 1)
    await _resend(deps, order)


async def order_resend(deps: Deps, order_id: str, authority: Authority) -> None:
    """Send an order's reports again at an operator's request, with an entry in the audit trail.

    There is no limit to their number. ResendIsImpossible if the reports cannot or must not be sent.
    """
    order = await named_order(deps.db, order_id)
    _expect_possible(deps, order)
    await record_action(deps.db, authority, "resent", order_id, "reports", deps.clock.now())
    await _resend(deps, order)


def _expect_possible(deps: Deps, order: Order) -> None:
    if why := why_not_resent(deps, order):
        raise ResendIsImpossible(why)


async def _resend(deps: Deps, order: Order) -> None:
    if await note_resend(deps.db, order, deps.clock.now()):
        log.info("resend_asked", order=order["_id"])
        await send_errand(deps, "resend_reports", order["_id"])
