"""Details that an order lacked, as its customer fills them in. With the last of them its reports begin."""

from actors.deps.process import Deps
from actors.intake.placing import start_order
from infra.logs import log
from storage.errands import settle_errand
from storage.orders import fill_details, find_order
from storage.records.orders import Order


async def fill_in(deps: Deps, order: Order, answers: dict[str, str]) -> Order:
    """Add answers that an order lacks, and begin its reports with the last one. Returns it as it then stands."""
    await fill_details(deps.db, order["_id"], answers, deps.clock.now())
    filled = await find_order(deps.db, order["_id"]) or order
    if not filled["missing"]:
        log.info("details_filled", order=order["_id"])
        await start_order(deps, filled)
        await settle_errand(deps.db, filled, "start_order", None)
    return filled
