"""Work of a process that dies, or stands still for a while, between two of its writes."""

import asyncio
import gc
import math
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from actors.deps.worker import WorkDeps
from actors.products.plans import PlanShelf
from storage.database import Database
from tests.faults.write_gate import WriteGate

Run = Callable[[WorkDeps, str], Awaitable[None]]


async def lives_until(write: int, run: Run, worker: WorkDeps, order: str) -> bool:
    """Let a process do it that dies before its write of that number; False if it has less to do."""
    gate = WriteGate(write)
    async with _doing(gate, run, worker, order) as doing:
        await _first_of(doing, gate.died)
        return gate.died.is_set()


@asynccontextmanager
async def frozen_before(
    write: int, run: Run, worker: WorkDeps, order: str, *, more: float = math.inf
) -> AsyncIterator[None]:
    """Let a process do it that is frozen before its write of that number while the block lasts.

    At its end the process goes on to the end of its work, or dies after so many writes more.
    """
    gate = WriteGate(write, more)
    async with _doing(gate, run, worker, order) as doing:
        await _first_of(doing, gate.frozen)
        yield
        gate.thawed.set()
        await _first_of(doing, gate.died)


@asynccontextmanager
async def _doing(gate: WriteGate, run: Run, worker: WorkDeps, order: str) -> AsyncIterator[asyncio.Future[None]]:
    """Have it done behind a gate. It ends with the block, done or not."""
    url = worker.settings.mongodb_url.replace("/pressroom?", f"/{worker.db.orders.database.name}?")
    async with gate.before(url) as way:
        db = Database(way)
        doing = asyncio.ensure_future(run(replace(worker, db=db, plans=PlanShelf(db)), order))
        try:
            yield doing
        finally:
            gate.died.set()  # or a block that fails while it is frozen would wait for it for ever
            doing.cancel()
            with suppress(asyncio.CancelledError):
                await doing
            await db.close()
    collect_half_open()


async def _first_of(doing: asyncio.Future[None], event: asyncio.Event) -> None:
    """Wait until the work is done, or comes to that."""
    coming: asyncio.Future[bool] = asyncio.ensure_future(event.wait())
    futures: set[asyncio.Future[Any]] = {doing, coming}
    await asyncio.wait(futures, return_when="FIRST_COMPLETED")
    coming.cancel()


def collect_half_open() -> None:
    """Close the socket of a connection that was being opened: the driver leaves it to the collector (4.20)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
