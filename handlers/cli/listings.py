"""`pressroom products`, `queues`, `workers`: what there is, and what it is doing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from actors.deps import Deps


@click.command()
@click.option("--json", "as_json", is_flag=True)
def products(as_json: bool) -> None:
    """List what can be bought."""
    from actors.catalogue import CURRENCY, OFFERS, PRODUCTS
    from handlers.cli.session import show

    def shown(name: str) -> dict[str, Any]:
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
@click.option("--json", "as_json", is_flag=True)
def list_queues(as_json: bool) -> None:
    """List the queues and how many messages wait in each."""
    from actors.catalogue import queues, queues_of
    from handlers.cli.session import show, with_deps

    async def count(deps: Deps) -> list[dict[str, Any]]:
        async def waiting(queue: str) -> int:
            return sum([await asyncio.to_thread(deps.broker.waiting, part) for part in queues_of(queue)])

        return [{"queue": queue, "waiting": await waiting(queue)} for queue in queues()]

    show(with_deps(count), ("queue", "waiting"), as_json=as_json)


@click.group()
def workers() -> None:
    """Look at workers."""


@workers.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_workers(as_json: bool) -> None:
    """List the workers that have not left or been taken for dead."""
    from handlers.cli.session import show, with_deps
    from handlers.views import as_text
    from storage.workers import live_workers

    async def find(deps: Deps) -> list[dict[str, Any]]:
        fields = ("queue", "host", "pid", "threads", "beat")
        found = await live_workers(deps.db)
        return [{"id": w["_id"], **{f: w[f] for f in fields}, "beat_at": as_text(w["beat_at"])} for w in found]

    show(with_deps(find), ("id", "queue", "host", "pid", "threads", "beat_at"), as_json=as_json)
