"""One brand's burst among two hundred: what the others notice of it."""

import tempfile
import threading
from pathlib import Path

from tests.benchmarks.figures import percentile
from tests.benchmarks.measured import Measured, say
from tests.benchmarks.plans.shop import FAST, Purchase, Shop, opened
from tests.benchmarks.plans.waits import Waits, waits_of

_CALL_S = 2.0
_TENANTS, _LIMIT = 200, 4
_BURST = 200
#: An order a second: with those of the burst that are in progress, half of what two cores can typeset.
_OTHERS, _OVER_S = 40, 40.0
_GREEDY = "brand-000"


def measure() -> Measured:
    """See the others' orders through without the burst, then with it."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
        file = Path(folder) / "tenants.toml"
        file.write_text("".join(f"[brand-{nth:03}]\nlimit = {_LIMIT}\n" for nth in range(_TENANTS)))
        with opened("tenants", FAST, latency_s=_CALL_S, TENANTS_FILE=str(file)) as shop:
            shop.warm_up()
            say(f"tenants: {_OTHERS} orders of as many tenants without the burst")
            without = _seen_through(shop, _others(shop))
            say("tenants: the same with the burst")
            beside, finished = _beside_burst(shop)
    before, after = percentile(without.first_call, 0.95), percentile(beside.first_call, 0.95)
    rows = [
        {"burst": "none", **without.row(), "burst delivered": 0},
        {"burst": f"{_BURST} orders", **beside.row(), "burst delivered": finished},
    ]
    title = (
        f"{_OTHERS} orders of {FAST} of as many tenants over {_OVER_S:g} s, calls of {_CALL_S:g} s; the burst is "
        f"one tenant's, of {_BURST} orders at once; each of {_TENANTS} may have {_LIMIT} reports in progress"
    )
    return Measured(title, rows, {"tenants_p95_change": after / before - 1})


def _others(shop: Shop) -> list[Purchase]:
    return [shop.purchase(after_s=nth * _OVER_S / _OTHERS, tenant=f"brand-{nth + 1:03}") for nth in range(_OTHERS)]


def _seen_through(shop: Shop, purchases: list[Purchase]) -> Waits:
    sent = shop.deliver(purchases)
    shop.until_all_delivered(list(sent), 60)
    return waits_of(shop, sent)


def _beside_burst(shop: Shop) -> tuple[Waits, int]:
    """Return how long the others waited, and how many orders of the burst were delivered by then."""
    burst = shop.evenly(_BURST, 0, tenant=_GREEDY)
    others = _others(shop)
    delivery = threading.Thread(target=shop.deliver, args=[burst])
    delivery.start()
    waits = _seen_through(shop, others)
    delivery.join(30)
    orders = [one.order for one in burst]
    placed = shop.db.orders.count_documents({"_id": {"$in": orders}, "attention": None})
    assert placed == _BURST, f"{_BURST - placed} orders of the burst were lost or need an operator"
    # The rest waits its turn in MongoDB; seeing it through would take longer than it tells.
    return waits, _BURST - len(shop.undelivered(orders))
