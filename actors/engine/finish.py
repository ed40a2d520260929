"""The end of a report: its PDF gets the contract's name, the last of an order starts the mail, another begins."""

from actors.deps import Deps
from actors.engine.admission import leave
from actors.engine.sending import send_all, send_errand
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
        await send_errand(deps, "complete_order", step["order"])
    if deps.tenants.of(step["tenant"]).limit is not None:
        await send_all(deps, await leave(deps, step["tenant"], [step["report"]]))
