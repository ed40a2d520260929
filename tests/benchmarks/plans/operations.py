"""What an order costs the database and the processor, the LLM's calls and the typesetting aside."""

import json
import subprocess
from collections import Counter

from actors.products.catalogue import PRODUCTS
from actors.products.definition import Product
from infra.local.environment import outer_environment
from tests.benchmarks.measured import Measured, Row, say
from tests.benchmarks.plans.shop import FAST, LONG, event_lines, module, opened
from tests.benchmarks.plans.timeline import require_undisturbed
from tests.benchmarks.processor import own_s
from tests.pressroom import WITH_TEST_PRODUCTS
from tests.products.choir.product import PRODUCT as CHOIR

_CALL_S = 0.05
#: The first order of a process also keeps its plan and opens its connections: the last one counts.
_PLACED = 3
_WITHIN_S = 150


def measure() -> Measured:
    """Count in a process that holds webhook and worker; measure the processor on processes as they are run."""
    placed = _counted(FAST, _PLACED)[-1]
    long = _counted(LONG, 1)[-1]
    wide_ms, wide_rows = _processor(CHOIR)
    long_ms, long_rows = _processor(PRODUCTS[LONG])
    sections = len(PRODUCTS[LONG].sections)
    chunks = len(PRODUCTS[LONG].chapters)
    rows = [*_rows(FAST, placed), *_rows(LONG, long), *wide_rows, *long_rows]
    figures = {
        # Of a plan with twenty sections a chapter: what is left is the sections' own.
        "cpu_ms_per_section": wide_ms / len(CHOIR.sections),
        "cpu_ms_per_section_and_chunk": long_ms / sections,
        "mongo_ops_per_section": _of(long, "write") / sections,
        "mongo_ops_per_chunk": _of(long, "render") / chunks,
        "mongo_ops_per_placed_order": float(_of(placed, "webhook") + _of(placed, "begin")),
        "mongo_ops_per_long_order": float(_of(long, "webhook", "begin", "write", "render", "assemble")),
    }
    title = (
        f"Operations of one {FAST} and one {LONG}, the processor's work for the latter and for a wide plan of "
        f"{len(CHOIR.sections)} sections in {len(CHOIR.chapters)} chapters, calls of {_CALL_S:g} s"
    )
    return Measured(title, rows, figures)


def _of(counts: Counter[str], *purposes: str) -> int:
    """Sum what was sent for some purposes; a kind of step with its advance."""
    return sum(count for key, count in counts.items() if key.partition("|")[0].partition(",")[0] in purposes)


def _rows(product: str, counts: Counter[str]) -> list[Row]:
    by_purpose: dict[str, Counter[str]] = {}
    for key, count in counts.items():
        purpose, _, command = key.partition("|")
        by_purpose.setdefault(purpose, Counter())[command] += count
    return [
        {
            "of": f"{product}: {purpose}",
            "count": sum(commands.values()),
            "what": ", ".join(f"{count} {command}" for command, count in commands.most_common()),
        }
        for purpose, commands in sorted(by_purpose.items())
        if purpose != "watch"
    ]


def _counted(product: str, orders: int) -> list[Counter[str]]:
    """Return how often which command was sent for what, order by order."""
    with opened(f"operations of {product}", latency_s=_CALL_S) as shop:
        shop.part("web").terminate()  # what it would do is done in the counting process
        purchases = [shop.purchase(product) for _ in range(orders)]
        env = {**outer_environment(), **shop.stack.env, **shop.env}
        command = [*module("counted"), product]
        done = subprocess.run(
            command,
            env=env,
            input=event_lines(purchases),
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command[1:])} failed: {done.stderr[-2000:]}"
        shop.until_all_delivered([one.order for one in purchases], 60)
        for calls in shop.calls([one.order for one in purchases]).values():
            require_undisturbed(PRODUCTS[product], calls)
    counts = [Counter(json.loads(line)) for line in done.stdout.splitlines()]
    say(f"operations of {product}: {counts[-1].total()} commands for the last order")
    return counts


def _processor(product: Product) -> tuple[float, list[Row]]:
    """Return the milliseconds of our processes over one order, their children aside, and each one's."""
    name = product.name
    with opened(f"operations: {name}", name, latency_s=_CALL_S, program=WITH_TEST_PRODUCTS) as shop:
        purchase = shop.purchase(name, price=product.price)
        before = [own_s(part.pid) for part in shop.parts]
        shop.deliver([purchase])
        shop.until_all_delivered([purchase.order], 120, look_every_s=0.5)
        used = [1000 * (own_s(part.pid) - was) for part, was in zip(shop.parts, before, strict=True)]
        rows: list[Row] = [
            {"of": f"{name}: {part.name}", "count": ms, "what": "ms of the processor"}
            for part, ms in zip(shop.parts, used, strict=True)
        ]
        require_undisturbed(product, shop.calls([purchase.order])[purchase.order])
    return sum(used), rows
