"""The end of a report: its PDF gets the contract's name, and the last report of an order starts the mail."""

from actors.catalogue import MAIL_QUEUE
from actors.deps import Deps
from actors.engine.sending import new_message_id, send
from storage.database import Document
from storage.orders import add_stored
from storage.reports import store_report


async def finish_report(deps: Deps, step: Document) -> None:
    """T16: note on report and order that the PDF is stored. Safe to do twice."""
    pdf = step["result"]
    await deps.objects.copy(pdf["object"], pdf["key"])
    now = deps.clock.now()
    await store_report(deps.db, step["report"], step["run"], pdf, now)
    if await add_stored(deps.db, step["order"], step["product"], step["run"], now):
        await send_letter(deps, step["order"])


async def send_letter(deps: Deps, order_id: str) -> None:
    """Wake a worker for an order whose reports are all stored."""
    await send(deps, MAIL_QUEUE, "complete_order", new_message_id(), order=order_id)
