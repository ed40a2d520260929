"""Orders with budgets: claims on their sections, calls that are paid for, and what operators hear."""

from dataclasses import replace
from typing import Any

import msgspec

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.reports.budget import most_usd, open_within_budget
from actors.reports.claim import Claim
from infra.llm.answer import Request
from infra.llm.prices import read_prices
from storage.ledger import settle_entry
from storage.records.work import Settlement, TokenUsage
from tests.actors.builders import present, with_sections, working

MODEL = "gpt-5-mini"
PRICES = read_prices()
REQUEST = Request(instructions="Be kind.", input="Whither?", cache_key="plan")
#: The most that one call may cost.
MOST = most_usd(PRICES, MODEL, REQUEST) or 0.0


def with_budget(deps: Deps, usd: float | None, **facts: Any) -> WorkDeps:
    """Return a worker's deps with that budget."""
    settings = msgspec.structs.replace(deps.settings, order_budget_usd=usd, **facts)
    return replace(working(deps), settings=settings)


async def claims(deps: Deps, number: int) -> list[Claim]:
    """Return claims of a new order's first section, each at an epoch of its own."""
    order, (first, *_) = await with_sections(deps)
    return [Claim(deps.db, {**first, "epoch": epoch}, await present(deps, order)) for epoch in range(number)]


def written(usd: float | None) -> Settlement:
    """Return the end of a purchase at that price."""
    usage: TokenUsage = {"input": 9, "cached": 0, "output": 9, "estimated": False}
    return {"outcome": "written", "usage": usage, "cost_usd": usd}


async def answered(deps: WorkDeps, claim: Claim, usd: float | None) -> None:
    """Buy an answer at that price."""
    entry = await open_within_budget(deps, claim, REQUEST, deps.clock.now())
    await settle_entry(deps.db, entry, written(usd), deps.clock.now())


async def spent(deps: Deps, number: int = 1) -> tuple[WorkDeps, list[Claim]]:
    """Return deps whose budget of two calls is nearly used up, and claims of the order."""
    worker = with_budget(deps, 2 * MOST)
    first, *others = await claims(deps, number + 1)
    await answered(worker, first, 1.5 * MOST)
    return worker, others


async def alerts(deps: Deps) -> list[str]:
    """Return the alerts that operators are to be told."""
    return [alert["text"] async for alert in deps.db.alerts.find({"kind": "budget"})]
