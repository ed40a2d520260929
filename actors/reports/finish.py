"""The end of a report: its PDF gets the contract's name, the last of an order starts the mail, another begins."""

from actors.deps.process import Deps
from actors.messages import send_all, send_errand
from actors.reports.admission import leave
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
