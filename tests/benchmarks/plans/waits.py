"""How long orders waited: for their first call, for their last section, for their mail."""

import statistics
from collections.abc import Mapping
from typing import NamedTuple

from actors.products.catalogue import PRODUCTS
from tests.benchmarks.figures import percentile
from tests.benchmarks.measured import Row
from tests.benchmarks.plans.shop import FAST, Shop


class Waits(NamedTuple):
    """Seconds from the sending of each order's webhook."""

    first_call: list[float]
    last_section: list[float]
    delivery: list[float]

    def row(self) -> Row:
        """Return what a table shows of them."""
        return {
            "orders": len(self.first_call),
            "first call p50 s": statistics.median(self.first_call),
            "first call p95 s": percentile(self.first_call, 0.95),
            "last section p50 s": statistics.median(self.last_section),
            "delivered p95 s": percentile(self.delivery, 0.95),
        }


def waits_of(shop: Shop, sent: Mapping[str, float]) -> Waits:
    """Return the waits of delivered orders of the fast product, each of which made one call a section."""
    calls, written, delivered = shop.calls(list(sent)), shop.written_at(list(sent)), shop.delivered_at(list(sent))
    for order, made in calls.items():
        assert len(made) == len(PRODUCTS[FAST].sections), f"{order} made {len(made)} calls"
    first = {order: min(call.started_at for call in made) for order, made in calls.items()}
    return Waits(*([moments[order] - at for order, at in sent.items()] for moments in (first, written, delivered)))
