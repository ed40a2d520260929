"""Resends of an order's reports, as its customer asks for them, within bounds."""

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.orders.hindrances import why_not_resent
from infra.errors import PressroomError
from infra.logs import log
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
    expect_resendable(deps, order)
    if "resend_reports" in order["errands"]:
        return
    now = deps.clock.now()
    if (wait := may_ask_at(order, now) - now).total_seconds() > 0:
        raise ResendIsTooSoon(int(wait.total_seconds()) + 1)
    await begin_resend(deps, order)


def expect_resendable(deps: Deps, order: Order) -> None:
    """Return if an order's reports can be sent again. ResendIsImpossible, with the reason, if they cannot."""
    if why := why_not_resent(deps, order):
        raise ResendIsImpossible(why)


async def begin_resend(deps: Deps, order: Order) -> None:
    """Have an order's reports sent again. Does nothing if another request came since the order was seen."""
    if await note_resend(deps.db, order, deps.clock.now()):
        log.info("resend_asked", order=order["_id"])
        await send_errand(deps, "resend_reports", order["_id"])
