"""`pressroom products`, `queues`, `workers`: lists of offers, of waiting messages, and of live workers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, json_option
from handlers.cli.output import listing, show

if TYPE_CHECKING:
    from actors.deps.process import Deps


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
