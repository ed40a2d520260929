"""What mail workers should have seen to: they are woken again."""

from actors.catalogue import MAIL_QUEUE
from actors.deps import Deps
from actors.engine.sending import Post, errand_post, send_all
from storage.alerts import due_alerts
from storage.errands import ERRAND_CHECK, ERRANDS, delay_errand, due_errands
from storage.orders import DETAILS_OVERDUE, call_operator, overdue_details

_BATCH = 500


async def resend_errands(deps: Deps) -> None:
    """Send the messages of due errands again; each claims what it does, so twice does no harm."""
    now = deps.clock.now()
    for errand in ERRANDS:
        due = await due_errands(deps.db, errand, now, _BATCH)
        for order in due:
            await delay_errand(deps.db, order["_id"], errand, now + ERRAND_CHECK)
        await send_all(deps, [errand_post(errand, order["_id"]) for order in due])


async def send_alerts(deps: Deps) -> None:
    """Wake a mail worker for every alert that is to be told."""
    due = [alert["_id"] for alert in await due_alerts(deps.db, deps.clock.now(), _BATCH)]
    await send_all(
        deps, [Post(MAIL_QUEUE, "tell_alert", alert, {"alert": alert}, maybe_held=True) for alert in due]
    )


async def end_patience(deps: Deps) -> None:
    """Put orders before an operator whose customers have not filled in what is missing in time."""
    now = deps.clock.now()
    for order in await overdue_details(deps.db, now, _BATCH):
        await call_operator(deps.db, order["_id"], DETAILS_OVERDUE, now)
