"""`make query-plans`: every question asked of MongoDB, in a history of a hundred thousand orders."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from infra.local.stack import Stack
from storage.database import Database
from storage.index_builds import ensure_indexes
from tests.benchmarks.figures import publish
from tests.benchmarks.measured import say
from tests.storage.plans.history import Sizes, seed
from tests.storage.plans.profile import Answer, profiling
from tests.storage.plans.questions import ask_everything
from tests.storage.plans.verdicts import bad, faults

#: With 500,000 steps and 400,000 events, each of which is about as long as Stripe's once it is compressed.
SIZES = Sizes(orders=100_000, live=1_400, event_bytes=1000)


async def examine(url: str) -> tuple[list[Answer], dict[str, float]]:
    """Return how MongoDB answered, and how long it took to have something to ask about."""
    db = Database(url, timeout_s=60)
    began = time.monotonic()
    say(f"writes {SIZES.orders:,} orders and what belongs to them")
    await seed(db, SIZES)
    seeded = time.monotonic()
    await ensure_indexes(db, say)
    built = time.monotonic()
    async with profiling(db) as profile:
        await ask_everything(db, profile.ask)
    await db.close()
    return profile.answers, {"query_plans_seed_s": seeded - began, "query_plans_build_s": built - seeded}


def row(answer: Answer) -> dict[str, Any]:
    """Return what the table shows of an answer."""
    read = {"keys": answer.keys, "documents": answer.docs, "found": answer.found, "ms": answer.ms}
    question = f"{answer.function} ({answer.collection} {answer.operation})"
    return {"question": question, "plan": answer.plan, **read, "wrong": ", ".join(faults(answer))}


def main() -> int:
    """Ask, and publish; 1 if a plan is bad."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        answers, figures = asyncio.run(examine(stack.env["MONGODB_URL"]))
    figures |= {
        "query_plans_bad": len(bad(answers)),
        "query_plans_slowest_ms": max(answer.ms for answer in answers),
    }
    title = f"Questions in a history of {SIZES.orders:,} orders, of which {SIZES.live:,} are not over"
    publish("query-plans", title, [row(answer) for answer in answers], figures)
    return int(bool(bad(answers)))


if __name__ == "__main__":
    sys.exit(main())
