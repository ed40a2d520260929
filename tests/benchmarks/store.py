"""What one order of each product asks of S3, by the kind of request: part of `make bench-scaling`."""

import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from actors.products.catalogue import PRODUCTS, queues
from infra.local.stack import Stack
from tests.benchmarks.measured import say
from tests.benchmarks.plans.shop import Shop
from tests.faults.gate import Gate

#: By which stores charge: what writes, and what reads.
KINDS = ("PUT", "COPY", "GET", "HEAD")
_PATIENCE_S = 900


def requests_to_s3() -> dict[str, Counter[str]]:
    """Return the requests about one order's objects until it is delivered, for each product."""
    with ExitStack() as held:
        stack = held.enter_context(Stack(Path(held.enter_context(tempfile.TemporaryDirectory())), latency_s=0.05))
        gate = held.enter_context(Gate(stack.env["AWS_ENDPOINT_URL_S3"]))
        shop = held.enter_context(Shop(stack, AWS_ENDPOINT_URL_S3=gate.url))
        commands = [("web",), ("sweep",), *(("worker", queue) for queue in queues())]
        for part in [shop.start(*command, wait=False) for command in commands]:
            part.start_within_s = _PATIENCE_S
            part.wait_ready()
        return {product: _asked(shop, gate, product) for product in PRODUCTS}


def _asked(shop: Shop, gate: Gate, product: str) -> Counter[str]:
    say(f"requests to S3: an order of {product}")
    purchase = shop.purchase(product)
    shop.deliver([purchase])
    shop.until_all_delivered([purchase.order], _PATIENCE_S, look_every_s=1)
    kinds = Counter(call.kind for call in gate.calls if purchase.order in call.key)
    assert kinds.keys() <= {*KINDS}, kinds
    return kinds


if __name__ == "__main__":
    sys.stdout.write(f"{requests_to_s3()}\n")
