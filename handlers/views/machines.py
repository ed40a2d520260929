"""Views of queues and workers."""

import asyncio
from typing import TypedDict

from actors.deps.process import Deps
from actors.products.catalogue import queues, queues_of
from handlers.views.orders import as_text, seconds_since
from storage.workers import live_workers


class QueueView(TypedDict):
    """Queue of messages."""

    queue: str
    waiting: int
    in_flight: int
    #: How long the next one has waited.
    oldest_s: float


class WorkerView(TypedDict):
    """Worker, and how long ago its heart beat last."""

    id: str
    queue: str
    host: str
    pid: int
    threads: int
    beat: int
    beat_at: str | None
    silent_s: float
    ending: bool


async def queue_views(deps: Deps) -> list[QueueView]:
    """Return the queues, each with those for its rendering. BrokerIsDown if Redis does not answer."""
    now = deps.clock.now().timestamp()
    names = [part for queue in queues() for part in queues_of(queue)]
    depths = [await asyncio.to_thread(deps.broker.depth, name) for name in names]
    return [
        {
            "queue": name,
            "waiting": depth.waiting,
            "in_flight": depth.in_flight,
            "oldest_s": round(max(0.0, now - depth.next_sent_at), 1) if depth.next_sent_at else 0.0,
        }
        for name, depth in zip(names, depths, strict=True)
    ]


async def worker_views(deps: Deps) -> list[WorkerView]:
    """Return the workers that have not left or been taken for dead."""
    now = deps.clock.now()
    return [
        {
            "id": worker["_id"],
            "queue": worker["queue"],
            "host": worker["host"],
            "pid": worker["pid"],
            "threads": worker["threads"],
            "beat": worker["beat"],
            "beat_at": as_text(worker["beat_at"]),
            "silent_s": seconds_since(worker["beat_at"], now),
            "ending": worker.get("ending", False),
        }
        for worker in await live_workers(deps.db)
    ]
