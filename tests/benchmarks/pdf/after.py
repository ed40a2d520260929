"""What is left to do after the last section of a long report."""

from datetime import datetime
from typing import Any

from actors.products.catalogue import PRODUCTS
from tests.benchmarks.measured import Measured
from tests.benchmarks.plans.shop import LONG, Shop, opened
from tests.benchmarks.plans.timeline import require_undisturbed

_CALL_S = 5.0
_PATIENCE_S = 300


def measure() -> Measured:
    """See one report through, and tell its last seconds from the records that its work left."""
    product = PRODUCTS[LONG]
    with opened("after", LONG, latency_s=_CALL_S) as shop:
        purchase = shop.purchase(LONG)
        shop.deliver([purchase])
        shop.until_all_delivered([purchase.order], _PATIENCE_S)
        require_undisturbed(product, shop.calls([purchase.order])[purchase.order])
        moments = _moments(shop, purchase.order)
    after = {what: (moment - moments["last section kept"]).total_seconds() for what, moment in moments.items()}
    rows = [{"then": what, "after s": seconds} for what, seconds in after.items()]
    title = (
        f"One {LONG} of {len(product.sections)} sections, calls of {_CALL_S:g} s, {product.pace.max_in_flight} "
        "in flight: what follows its last section"
    )
    return Measured(title, rows, {"after_last_section_s": after["PDF in S3 under its name"]})


def _moments(shop: Shop, order: str) -> dict[str, datetime]:
    last: dict[str, Any] = {}
    for step in shop.db.steps.find({"order": order}, {"kind": 1, "done_at": 1}).sort("done_at"):
        last[step["kind"]] = step["done_at"]
    (report,) = shop.db.reports.find({"order": order})
    (placed,) = shop.db.orders.find({"_id": order})
    return {
        "last section kept": last["write"],
        "last chapter set and stored": last["render"],
        "book bound and stored": last["assemble"],
        "PDF in S3 under its name": report["stored_at"],
        "mail accepted": placed["delivered_at"],
    }
