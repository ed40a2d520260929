"""Estimates how long an order will take: from its latest reports, else by the arithmetic of their plans."""

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from math import ceil
from statistics import median

from actors.deps.process import Deps
from actors.mail.formatting import spoken_duration
from actors.products.catalogue import PRODUCTS
from actors.products.definition import Product
from actors.products.plans import plan_of
from storage.records.plans import Plan
from storage.reports import making_times

#: The span of the latest reports, the number of them that is looked at, and the number that is too few.
_LATELY, _LATEST, _TOO_FEW = timedelta(days=30), 20, 3
#: Used before there are enough reports: a call takes 10 to 60 s at the usual models, and a book some time to be
#: bound.
_CALL_S, _BOOK_S = 30.0, 60.0


async def estimate_s(deps: Deps, products: list[str]) -> float:
    """Estimate the seconds until the last of some reports, begun at once, will be stored."""
    return max([await _likely_s(deps, product) for product in products])


def spoken_estimate(seconds: float, language: str) -> str:
    """Return an estimate as people say it, of a minute at least."""
    return spoken_duration(ceil(max(60.0, seconds)), language)


async def _likely_s(deps: Deps, product: str) -> float:
    times = await making_times(deps.db, product, deps.clock.now() - _LATELY, _LATEST)
    if len(times) <= _TOO_FEW:
        return planned_s(PRODUCTS[product])
    return median(time.total_seconds() for time in times)


def planned_s(product: Product) -> float:
    """Estimate the seconds that a report takes by its plan, all of it."""
    plan = plan_of(product)
    return remaining_s(plan, plan["steps"])


def remaining_s(plan: Plan, again: Collection[str]) -> float:
    """Estimate the seconds until a report is stored of which only these steps are made, by their keys."""
    depths: dict[str, int] = {}
    for key, step in plan["steps"].items():  # in plan order, so that needs come first
        if key in again:
            deepest = max((depths.get(need, 0) for need in step["needs"]), default=0)
            depths[key] = deepest + int(step["kind"] == "write")
    widths = Counter(depth for key, depth in depths.items() if plan["steps"][key]["kind"] == "write")
    rounds = sum(ceil(width / plan["bounds"]["write"]) for width in widths.values())
    return rounds * (_CALL_S + plan["gap_s"]["write"]) + _BOOK_S
