"""Restart of an order's work: after a pause, or by a replay or a correction."""

from datetime import datetime

from actors.deps.process import Deps
from actors.orders.attention import clear_attention, close_deaths
from actors.reports.replay import finish_replay
from storage.budget import is_paused
from storage.errands import delay_errand
from storage.orders import fail_order, find_order
from storage.queueing import unpark_steps
from storage.records.orders import Order
from storage.reports import report_ids


async def heed_pause(deps: Deps, order: Order) -> datetime | None:
    """Call the operator when an order is paused. Once it may go on, unpark its steps and let its mail go.

    Safe to repeat after a crash. It is written first, then read: it may be resumed or paused at this moment.
    """
    now, order_id = deps.clock.now(), order["_id"]
    if is_paused(order):
        await fail_order(deps.db, order_id, order["pause"]["reason"], now, kind="budget")
    else:
        await unpark_steps(deps.db, report_ids(order), now)
        await delay_errand(deps.db, order_id, "complete_order", now)
        if "pause" in order:
            await clear_attention(deps, order_id, order["pause"]["reason"])
    present = await find_order(deps.db, order_id)
    if present is None or present.get("pause") == order.get("pause"):
        return None
    return await heed_pause(deps, present)


async def resume_replay(deps: Deps, order: Order) -> datetime | None:
    """Carry out a replay, or a correction, whose deaths are over. Every part of it is safe to repeat."""
    if "remaking" in order:
        await close_deaths(deps, order["_id"])
    elif "plan" in (intent := order.get("replay", {})):
        await close_deaths(deps, order["_id"], product=intent["product"])
    return await finish_replay(deps, order)
