"""Fast orders beside long ones: what they notice of them."""

import statistics

from actors.products.catalogue import PRODUCTS
from tests.benchmarks.figures import percentile
from tests.benchmarks.measured import Measured, say
from tests.benchmarks.plans.shop import FAST, LONG, Shop, opened
from tests.benchmarks.plans.timeline import most_at_once, require_undisturbed
from tests.benchmarks.plans.waits import Waits, waits_of

_CALL_S = 2.0
_ORDERS, _OVER_S = 30, 10.0
_LONG_ORDERS = 2
#: Orders one at a time with nothing beside them.
_ALONE = 5


def measure() -> Measured:
    """See some through alone, then many beside long reports that are in full swing."""
    with opened("fast", FAST, LONG, latency_s=_CALL_S) as shop:
        shop.warm_up()
        alone = _alone(shop)
        longs = [shop.purchase(LONG) for _ in range(_LONG_ORDERS)]
        shop.deliver(longs)
        shop.until("the long reports' own rounds", lambda: _in_full_swing(shop, [one.order for one in longs]))
        say(f"fast: {_ORDERS} orders over {_OVER_S:g} s beside {_LONG_ORDERS} long ones")
        sent = shop.deliver(shop.evenly(_ORDERS, _OVER_S))
        shop.until_all_delivered(list(sent), 90)
        beside = waits_of(shop, sent)
        for one in longs:
            shop.until_written(one.order, LONG, 150)
        for calls in shop.calls([one.order for one in longs]).values():
            require_undisturbed(PRODUCTS[LONG], calls)
        overlap = _overlap(shop, [one.order for one in longs], max(sent.values()))
    rows = [
        {"where": "alone", **alone.row()},
        {"where": "beside", **beside.row()},
    ]
    figures = {
        "fast_p95_first_call_s": percentile(beside.first_call, 0.95),
        "fast_slowdown": statistics.median(beside.last_section) / statistics.median(alone.last_section),
        "fast_whole_order_p95_s": percentile(beside.delivery, 0.95),
    }
    title = (
        f"{FAST} one at a time, then evenly over {_OVER_S:g} s beside {_LONG_ORDERS} {LONG} (up to {overlap} "
        f"of their calls in the air), calls of {_CALL_S:g} s, no provider limit"
    )
    return Measured(title, rows, figures)


def _alone(shop: Shop) -> Waits:
    sent: dict[str, float] = {}
    for _ in range(_ALONE):
        purchase = shop.purchase()
        sent |= shop.deliver([purchase])
        shop.until_all_delivered([purchase.order], 60)
    return waits_of(shop, sent)


def _in_full_swing(shop: Shop, orders: list[str]) -> bool:
    """Whether each is past its opening and its twelve overviews, which leave slots free."""
    return all(len(calls) > 1 + 12 for calls in shop.calls(orders).values())


def _overlap(shop: Shop, orders: list[str], until: float) -> int:
    """How many of the long reports' calls were in the air at once before the last fast order came."""
    calls = [call for made in shop.calls(orders).values() for call in made]
    return most_at_once([call for call in calls if call.started_at < until])
