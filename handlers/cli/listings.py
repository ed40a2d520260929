"""`pressroom products`, `queues`, `workers`: lists of offers, of waiting messages, and of live workers."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, json_option, settings_here
from handlers.cli.output import listing, show
from infra.errors import PressroomError, TransientError

if TYPE_CHECKING:
    from actors.deps.process import Deps

#: A worker beats every 2 s. One that has not for so long would be another's to replace.
_SILENT_S = 30.0
#: Probes wait a few seconds.
_PATIENCE_S = 3.0


@click.command()
@json_option("an array of objects, one an offer, with needed[] and sections[]")
def products(as_json: bool) -> None:
    """List what can be bought."""
    from actors.products.catalogue import CURRENCY, OFFERS, PRODUCTS

    def shown(name: str) -> Row:
        offer = OFFERS[name]
        written = [section for report in offer.reports for section in PRODUCTS[report].sections]
        sections = [{"id": s.id, "title": s.title, "after": list(s.after)} for s in written]
        facts = {"product": name, "price": offer.price, "currency": CURRENCY, "needed": list(offer.needed)}
        return {**facts, "sections": sections, "calls": len(sections)}

    show([shown(name) for name in OFFERS], ("product", "price", "currency", "calls"), as_json=as_json)


@click.group()
def queues() -> None:
    """Look at queues."""


@queues.command("list")
@listing("queue", "waiting")
async def list_queues(deps: Deps) -> list[Row]:
    """List the queues and how many messages wait in each."""
    from actors.products.catalogue import queues, queues_of

    async def waiting(queue: str) -> int:
        return sum([await asyncio.to_thread(deps.broker.waiting, part) for part in queues_of(queue)])

    return [{"queue": queue, "waiting": await waiting(queue)} for queue in queues()]


@click.group()
def workers() -> None:
    """Look at workers."""


@workers.command("list")
@listing("id", "queue", "host", "pid", "threads", "beat_at")
async def list_workers(deps: Deps) -> list[Row]:
    """List the workers that have not left or been taken for dead."""
    from handlers.views.machines import worker_views

    return [*await worker_views(deps)]


@workers.command("check")
@click.argument("queue")
def check_worker(queue: str) -> None:
    """Say whether a worker of that queue lives on this machine.

    For a platform's probes. Exit 1 if none has beaten for 30 s. It is 0 while MongoDB, which alone knows, does not
    answer: another start would mend nothing, and lose the calls in the air.
    """
    try:
        silent_s = asyncio.run(_least_silence(settings_here().mongodb_url, queue))
    except TransientError as error:
        click.echo(f"unknown: {error}")
        return
    if silent_s > _SILENT_S:
        raise PressroomError(f"No worker of {queue} has beaten on this machine for {_SILENT_S:g} s.")
    click.echo(f"alive: beat {silent_s:.1f} s ago")


async def _least_silence(mongodb_url: str, queue: str) -> float:
    """Return the seconds since the latest beat of a worker of the queue here, by the one clock of this machine."""
    from storage.database import Database
    from storage.workers import live_workers

    db = Database(mongodb_url, timeout_s=_PATIENCE_S)
    try:
        workers = await live_workers(db)
    finally:
        await db.close()
    here = [one["beat_at"] for one in workers if (one["queue"], one["host"]) == (queue, socket.gethostname())]
    return (datetime.now(UTC) - max(here)).total_seconds() if here else inf
