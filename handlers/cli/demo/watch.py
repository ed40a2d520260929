"""Watch over an order: live progress until the mail is in the inbox, then the times of its stages."""

import asyncio
import time
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from actors.deps.process import Deps
from actors.deps.startup import open_deps
from handlers.cli.demo.purchase import completions_of
from handlers.views.orders import OrderView, order_view
from infra.errors import PressroomError
from infra.local.stack import Stack
from infra.settings import read_settings
from storage.orders import find_order

_LOOK_EVERY_S = 0.1
#: An order that has not ended by then has failed the demo.
_PATIENCE_S = 1800


class OrderDidNotEnd(PressroomError):
    """The order stopped, or took too long."""


@dataclass(frozen=True)
class Stages:
    """The order as it was at the end, and the seconds from its payment to the end of each stage."""

    view: OrderView
    ends_s: dict[str, float]


async def follow(stack: Stack, order_id: str) -> Stages:
    """Show progress until the order is delivered and the mail has arrived; OrderDidNotEnd otherwise."""
    deps = open_deps(read_settings(stack.env))
    columns = (TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    deadline = time.monotonic() + _PATIENCE_S
    try:
        with Progress(*columns, console=Console()) as progress:
            bars = {name: progress.add_task(name, total=None) for name in ("sections", "chapters", "mail")}
            while True:
                view = await _look(deps, order_id)
                arrived = completions_of(stack, order_id)
                if view:
                    for name, (done, total) in _progress(view, len(arrived)).items():
                        progress.update(bars[name], completed=done, total=total)
                if view and arrived and view["state"] == "delivered":
                    return Stages(view, await _ends(deps, order_id))
                _check(stack, view, deadline)
                await asyncio.sleep(_LOOK_EVERY_S)
    finally:
        await deps.db.close()


async def _look(deps: Deps, order_id: str) -> OrderView | None:
    order = await find_order(deps.db, order_id)
    return await order_view(deps, order) if order else None


def _progress(view: OrderView, letters: int) -> dict[str, tuple[int, int]]:
    reports = view["reports"]
    sections = sum(one["sections_done"] for one in reports), sum(one["sections_total"] for one in reports)
    chapters = sum(one["chunks_done"] for one in reports), sum(one["chunks_total"] for one in reports)
    return {"sections": sections, "chapters": chapters, "mail": (letters, 1)}


def _check(stack: Stack, view: OrderView | None, deadline: float) -> None:
    stack.check()
    if view and view["attention"]:
        raise OrderDidNotEnd(f"The order waits for an operator: {view['attention']}")
    if time.monotonic() > deadline:
        raise OrderDidNotEnd(f"The order was not delivered within {_PATIENCE_S} s.")


async def _ends(deps: Deps, order_id: str) -> dict[str, float]:
    """Return the seconds to the end of each stage, by the records that the work itself left."""
    order = await find_order(deps.db, order_id)
    first = await deps.db.ledger.find_one({"order": order_id}, sort=[("opened_at", 1)])
    if order is None or order["delivered_at"] is None or first is None:
        raise OrderDidNotEnd("The order's records are gone.")
    done = await deps.db.steps.find({"order": order_id, "state": "done"}).sort("done_at").to_list()
    last = {step["kind"]: step["done_at"] for step in done}
    moments = {
        "first LLM call": first["opened_at"],
        "last section written": last["write"],
        "last chapter set": last["render"],
        "PDF in S3": last["assemble"],
        "mail accepted": order["delivered_at"],
    }
    return {name: (moment - order["placed_at"]).total_seconds() for name, moment in moments.items()}
