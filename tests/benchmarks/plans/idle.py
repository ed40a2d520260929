"""A quiet system: how soon it begins an order, and what it costs while there is none."""

import statistics
import time

from actors.products.catalogue import queues
from tests.benchmarks.figures import percentile
from tests.benchmarks.measured import Measured, Row, say
from tests.benchmarks.plans.shop import FAST, Shop, opened
from tests.benchmarks.plans.waits import waits_of
from tests.benchmarks.processor import tree_s

_CALL_S = 0.05
_ORDERS = 40
_IDLE_S = 20.0
#: Long enough for the mail's records and the sweep's next look.
_SETTLE_S = 3.0


def measure() -> Measured:
    """See orders through one at a time, then watch the processes do nothing."""
    with opened("idle", *queues()[:-1], latency_s=_CALL_S) as shop:
        shop.warm_up()
        say(f"idle: {_ORDERS} orders one at a time")
        first_ms = [1000 * seconds for seconds in _one_at_a_time(shop)]
        time.sleep(_SETTLE_S)
        say(f"idle: nothing for {_IDLE_S:g} s")
        rows = _idle(shop)
    figures = {
        "idle_first_call_p50_ms": statistics.median(first_ms),
        "idle_first_call_p95_ms": percentile(first_ms, 0.95),
        "idle_cpu_share": sum(row["share of a core"] for row in rows),
    }
    title = f"{_IDLE_S:g} idle seconds, after {_ORDERS} orders of {FAST} one at a time with calls of {_CALL_S:g} s"
    return Measured(title, rows, figures)


def _one_at_a_time(shop: Shop) -> list[float]:
    sent: dict[str, float] = {}
    for _ in range(_ORDERS):
        purchase = shop.purchase()
        sent |= shop.deliver([purchase])
        # The first call is long over when this first looks, so that the look is not in its way.
        time.sleep(0.3)
        shop.until_all_delivered([purchase.order], 30, look_every_s=0.1)
    return waits_of(shop, sent).first_call


def _idle(shop: Shop) -> list[Row]:
    before = [tree_s(part.pid) for part in shop.parts]
    began = time.monotonic()
    time.sleep(_IDLE_S)
    passed = time.monotonic() - began
    return [
        {
            "process": part.name,
            "CPU ms": 1000 * (tree_s(part.pid) - used),
            "share of a core": (tree_s(part.pid) - used) / passed,
        }
        for part, used in zip(shop.parts, before, strict=True)
    ]
