"""Work of a process that dies between two of its writes."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from actors.deps.worker import WorkDeps
from actors.products.plans import PlanShelf
from storage.database import Database
from tests.faults.write_gate import WriteGate

Run = Callable[[WorkDeps, str], Awaitable[None]]


async def lives_until(write: int, run: Run, worker: WorkDeps, order: str) -> bool:
    """Let a process do it that dies before its write of that number; False if it has less to do."""
    gate, url = WriteGate(write), worker.settings.mongodb_url
    url = url.replace("/pressroom?", f"/{worker.db.orders.database.name}?")
    async with gate.before(url) as way:
        db = Database(way)
        doing = asyncio.ensure_future(run(replace(worker, db=db, plans=PlanShelf(db)), order))
        died = asyncio.ensure_future(gate.died.wait())
        await asyncio.wait([doing, died], return_when="FIRST_COMPLETED")
        dead = gate.died.is_set()
        for end in (doing, died):
            end.cancel()
        with suppress(asyncio.CancelledError):
            await doing
        await db.close()
    collect_half_open()
    return dead


def collect_half_open() -> None:
    """Close the socket of a connection that was being opened: the driver leaves it to the collector (4.20)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
