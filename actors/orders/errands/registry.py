"""Registry of errands. Each is run alike: on its order as it stands, and then it is due again, or over."""

import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from actors.deps.accounts import watching_accounts
from actors.deps.worker import WorkDeps
from actors.intake.placing import start_order
from actors.messages import handed_on_post, send_all
from actors.orders.errands.details import ask_details, end_patience, identify_order
from actors.orders.errands.late_payment import check_payment
from actors.orders.errands.letters import (
    check_promise,
    complete_order,
    confirm_order,
    confirm_withdrawal,
    resend_reports,
    tell_failure,
)
from actors.orders.errands.refund import refund_order
from actors.orders.errands.restart import heed_pause, resume_replay
from actors.orders.errands.retention import forget_order, retire_order
from actors.reports.replay import reprint_reports
from infra.errors import AccountTrouble, TransientError, describe
from storage.dead_letters import record_dead_errand
from storage.errands import settle_errand
from storage.orders import fail_order, find_order
from storage.records.orders import Errand, Order

#: An errand is given its order as read just before, and may be run by several workers at once. It returns the time
#: at which to look at it again, or None if it is over.
ERRANDS: dict[Errand, Callable[[WorkDeps, Order], Awaitable[datetime | None]]] = {
    "confirm_order": confirm_order,
    "complete_order": complete_order,
    "check_payment": check_payment,
    "check_promise": check_promise,
    "tell_failure": tell_failure,
    "refund_order": refund_order,
    "resend_reports": resend_reports,
    "ask_details": ask_details,
    "end_patience": end_patience,
    "confirm_withdrawal": confirm_withdrawal,
    "identify_order": identify_order,
    "start_order": start_order,
    "resume_replay": resume_replay,
    "reprint_reports": reprint_reports,
    "heed_pause": heed_pause,
    "retire_order": retire_order,
    "forget_order": forget_order,
}


async def run_errand(deps: WorkDeps, errand: Errand, order_id: str) -> None:
    """Run an order's errand once. TransientError leaves it to the sweep, any other error to an operator.

    An account in trouble is told of once for all, and the errand waits for it.
    """
    if deps.stopping.is_set():
        await send_all(deps, [handed_on_post(errand, order_id)])
        return
    order = await find_order(deps.db, order_id)
    if order is None or errand not in order["errands"]:  # a late message: it is over
        return
    try:
        async with watching_accounts(deps, f"{errand} {order_id}"):
            again_at = await ERRANDS[errand](deps, order)
    except AccountTrouble as trouble:
        again_at = deps.clock.now() + timedelta(seconds=trouble.again_in_s)
    except TransientError:
        raise
    except Exception as error:  # noqa: BLE001  # after any error the order waits for an operator, not for ever
        trace, now = "".join(traceback.format_exception(error)), deps.clock.now()
        reason = f"{errand} failed: {describe(error)}"
        await record_dead_errand(deps.db, order_id, errand, reason, str(error), trace, now, fails=True)
        await fail_order(deps.db, order_id, reason, now, errand=errand)
        again_at = None
    await settle_errand(deps.db, order, errand, again_at)
