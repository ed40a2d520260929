"""An order's reports are to be sent once more: a customer asks within bounds, an operator on the record."""

import structlog

from actors.deps.webhook import IntakeDeps
from actors.messages import send_errand
from infra.errors import PressroomError
from storage.audit import Warrant, record_action
from storage.database import Document
from storage.orders import find_order
from storage.resends import may_ask_at, note_resend

log = structlog.get_logger()


class ResendIsImpossible(PressroomError):
    """There is nothing to send again, or it must not be sent."""


class ResendIsTooSoon(PressroomError):
    """The reports were sent a moment ago, or often enough for a day; `seconds` from now they may be again."""

    def __init__(self, seconds: int) -> None:
        """Say when."""
        super().__init__(f"The reports may be sent again in {seconds} s.")
        self.seconds = seconds


async def ask_resend(deps: IntakeDeps, order: Document) -> None:
    """Have an order's reports sent to its customer, who asks; ResendIsImpossible or ResendIsTooSoon if not.

    Asked for again while it is under way, it is one resend.
    """
    _expect_possible(order)
    if "resend_reports" in order["errands"]:
        return
    now = deps.clock.now()
    if (wait := may_ask_at(order, now) - now).total_seconds() > 0:
        raise ResendIsTooSoon(int(wait.total_seconds()) + 1)
    await _resend(deps, order)


async def order_resend(deps: IntakeDeps, order_id: str, warrant: Warrant) -> None:
    """Have an order's reports sent again, however often they were, on the record; or ResendIsImpossible."""
    order = await find_order(deps.db, order_id)
    if order is None:
        raise ResendIsImpossible(f"There is no order {order_id}.")
    _expect_possible(order)
    await record_action(deps.db, warrant, "resent", order_id, "reports", deps.clock.now())
    await _resend(deps, order)


def _expect_possible(order: Document) -> None:
    if order["stopped"] or order["on_hold"] or not order["email"]:
        raise ResendIsImpossible("The order is refunded, disputed or forgotten: nothing is sent.")
    # A refund that failed: its customer has paid, and no completion mail follows the refund's.
    if order["delivered_at"] is None and not (order["refund_failed"] and order["stored_at"] is not None):
        raise ResendIsImpossible("The reports were not sent yet, so that they cannot be sent again.")


async def _resend(deps: IntakeDeps, order: Document) -> None:
    if await note_resend(deps.db, order, deps.clock.now()):
        log.info("resend_asked", order=order["_id"])
        await send_errand(deps, "resend_reports", order["_id"])
