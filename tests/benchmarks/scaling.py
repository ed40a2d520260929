"""`make bench-scaling`: what one order of each product costs every process and server, an idle system deducted."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from actors.products.catalogue import MAIL_QUEUE, PRODUCTS, queues
from tests.benchmarks.figures import publish
from tests.benchmarks.measured import Row, say
from tests.benchmarks.pdf.tree import Tree
from tests.benchmarks.plans.shop import Shop, opened
from tests.benchmarks.processor import trees_s
from tests.benchmarks.store import KINDS, requests_to_s3

_CALL_S, _WORDS = 0.05, 600
_ORDERS = {"life_clarity": 20, "personal_blueprint": 4, "personal_horoscope": 2}
_IDLE_S = 20.0
_PATIENCE_S = 600
_WRITES = ("insert", "update", "delete")

Totals = dict[str, float]


def main() -> None:
    """Watch the system idle, then see some orders of each product through, one product after another."""
    with opened("scaling", *queues()[:-1], latency_s=_CALL_S) as shop:
        shop.stack.llm.add_fault(kind="long", words=_WORDS)
        for product in _ORDERS:
            shop.warm_up(product)
        say(f"scaling: nothing for {_IDLE_S:g} s")
        with _memory(shop, list(PRODUCTS)) as resting:
            idle = _idle(shop)
        costs = {product: _cost(shop, product, count, idle) for product, count in _ORDERS.items()}
    for product, kinds in requests_to_s3().items():
        costs[product] |= {f"requests to S3: {kind}": kinds[kind] for kind in KINDS}
    rows: list[Row] = [
        {
            "per order": what,
            **{product: cost[what] for product, cost in costs.items()},
            "idle, a second": (idle | resting).get(what, ""),
        }
        for what in next(iter(costs.values()))
    ]
    figures = {
        f"scaling_{product}_{_name(what)}": value
        for product, cost in costs.items()
        for what, value in cost.items()
    }
    figures |= {f"scaling_idle_{_name(what)}_per_s": value for what, value in idle.items()}
    figures |= {f"scaling_idle_{_name(what)}": value for what, value in resting.items()}
    said = ", ".join(f"{count} {product}" for product, count in _ORDERS.items())
    publish("scaling", f"{said}, calls of {_CALL_S:g} s and {_WORDS} words, one worker a queue", rows, figures)


def _name(what: str) -> str:
    return what.lower().replace(",", "").replace(":", "").replace("-", "_").replace(" ", "_")


def _idle(shop: Shop) -> Totals:
    """Return what a second costs in which nothing happens."""
    before, began = _totals(shop), time.monotonic()
    time.sleep(_IDLE_S)
    passed = time.monotonic() - began
    return {what: (value - before[what]) / passed for what, value in _totals(shop).items()}


def _cost(shop: Shop, product: str, count: int, idle: Totals) -> Totals:
    """Return what one of several orders of a product costs that come at once."""
    say(f"scaling: {count} orders of {product}")
    before, began = _totals(shop), time.monotonic()
    with _memory(shop, [product]) as highest:
        sent = shop.deliver([shop.purchase(product) for _ in range(count)])
        shop.until_all_delivered(list(sent), _PATIENCE_S, look_every_s=1)
    passed = time.monotonic() - began
    used = {what: value - before[what] - passed * idle[what] for what, value in _totals(shop).items()}
    objects = _objects(shop, list(sent))
    return {
        **{what: max(0.0, value) / count for what, value in used.items()},
        "calls to the LLM": _calls(shop, list(sent)) / count,
        "objects in S3": len(objects) / count,
        "kB in S3": sum(objects) / 1000 / count,
        **highest,
    }


@contextmanager
def _memory(shop: Shop, products: Sequence[str]) -> Iterator[Totals]:
    """Watch each process with its children, of the products' workers only these; yields what it took at most."""
    kinds = {"web": ["web"], "workers of products": [f"worker-{product}" for product in products]}
    kinds |= {"mail worker": [f"worker-{MAIL_QUEUE}"], "sweep": ["sweep"]}
    highest: Totals = {}
    with ExitStack() as watching:
        trees = {part.name: watching.enter_context(Tree(part.pid, with_root=True)) for part in shop.parts}
        yield highest
    for kind, names in kinds.items():
        highest[f"memory, MiB at most: {kind}"] = max(trees[name].peak_mb for name in names)


def _totals(shop: Shop) -> Totals:
    """Return what has been used so far, by everything together."""
    parts = {part.name: part.pid for part in shop.stack.parts}
    used = trees_s(parts)
    ours = {part.name for part in shop.parts}
    workers = sum(used[name] for name in ours if name.startswith("worker") and "bundle" not in name)
    server = shop.db.client.admin.command("serverStatus")
    stored = shop.db.command("dbStats")
    redis: dict[str, Any] = shop.redis.info()
    return {
        "CPU s: web": used["web"],
        "CPU s: workers of products": workers,
        "CPU s: mail worker": used["worker-bundle"],
        "CPU s: sweep": used["sweep"],
        "CPU s: mongod": used["mongodb"],
        "CPU s: Redis": used["redis"],
        "CPU s: S3": used["s3"],
        "MongoDB: operations": sum(server["opcounters"].values()),
        "MongoDB: writes": sum(server["opcounters"][kind] for kind in _WRITES),
        "MongoDB: kB in": server["network"]["bytesIn"] / 1000,
        "MongoDB: kB out": server["network"]["bytesOut"] / 1000,
        "MongoDB: kB of documents": stored["dataSize"] / 1000,
        "MongoDB: kB of indexes": stored["indexSize"] / 1000,
        "Redis: commands": redis["total_commands_processed"],
        "Redis: kB in": redis["total_net_input_bytes"] / 1000,
        "Redis: kB out": redis["total_net_output_bytes"] / 1000,
    }


def _calls(shop: Shop, orders: list[str]) -> int:
    return sum(map(len, shop.calls(orders).values()))


def _objects(shop: Shop, orders: list[str]) -> list[int]:
    """Return the sizes of all objects that orders have left in the bucket."""
    client, bucket = shop.s3(), shop.stack.env["S3_BUCKET"]
    pages = client.get_paginator("list_objects_v2")
    return [
        one["Size"]
        for order in orders
        for page in pages.paginate(Bucket=bucket, Prefix=f"orders/{order}/")
        for one in page.get("Contents", [])
    ]


if __name__ == "__main__":
    assert set(_ORDERS) == set(PRODUCTS)
    main()
