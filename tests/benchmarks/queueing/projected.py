"""Sizes that were not measured: the workers that a busiest hour needs, and its waits where calls are short."""

import json
import math
import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from actors.products.catalogue import OFFERS, PRODUCTS
from tests.benchmarks.figures import FOLDER
from tests.benchmarks.measured import Row
from tests.benchmarks.queueing.installation import Costs, Installation, Pool, outline_of, pool_on
from tests.benchmarks.queueing.machine import Machine, Simulation
from tests.benchmarks.queueing.measured import MIX, Waits, chapters_of, mix_costs, steps_of, take

#: A tenth of a day's orders comes in its busiest hour, as docs/scaling.md has it.
_BUSIEST, _HOUR_S = 0.1, 3600.0
#: A call takes so long on average; 95 of 100 take less than twice that.
_CALL_S, _SPREAD = 15.0, 0.5
#: Servers on machines of their own, by the processors of each.
_SERVERS = {"web": 2, "mailing": 2, "mongod": 4, "redis": 1, "s3": 4}
#: Close enough to the time that an order takes when nothing else is there.
_HARDLY = 1.1


class Need(NamedTuple):
    """Number of workers with which 95 of 100 reports come within a time, and when they then come."""

    workers: int
    p95_s: float


def large_costs() -> Costs:
    """Return what each thing costs by `make bench-scaling`, whose texts are as long as real ones."""
    used = json.loads((FOLDER / "scaling.json").read_text())["figures"]
    mix = mix_costs()
    children_s = {
        product: used[f"scaling_{product}_cpu_s_workers_of_products"] - mix.own_s[product] * steps_of(product)
        for product in PRODUCTS
    }
    per_chapter = {product: seconds / chapters_of(product) for product, seconds in children_s.items()}
    return Costs(mix.own_s, per_chapter, mix.mongod_s, mix.redis_s, mix.web_s, mix.mailing_s)


def busiest_hour(orders_a_day: float, rng: random.Random) -> list[tuple[float, str]]:
    """Return the orders of an hour, as they come when none knows of another."""
    rate, offers = orders_a_day * _BUSIEST / _HOUR_S, list(MIX)
    moment, orders = rng.expovariate(rate), []
    while moment < _HOUR_S:
        orders.append((moment, rng.choices(offers, [MIX[offer] for offer in offers])[0]))
        moment += rng.expovariate(rate)
    return orders


def seen_through(
    orders: list[tuple[float, str]],
    costs: Costs,
    workers: Mapping[str, int],
    *,
    threads: int,
    requests_per_minute: float = 0.0,
) -> Waits:
    """Return the waits of orders before so many workers of each product, each with a processor of its own."""
    sim, rng = Simulation(), random.Random(2)
    servers = {name: Machine(sim, count).station(count) for name, count in _SERVERS.items()}
    pools: dict[str, Pool] = {
        product: pool_on([Machine(sim, 1) for _ in range(count)], product, threads)
        for product, count in workers.items()
    }

    def call_s() -> float:
        return rng.lognormvariate(math.log(_CALL_S) - _SPREAD**2 / 2, _SPREAD)

    return take(sim, Installation(sim, costs, pools, servers, call_s, requests_per_minute), orders)


def reports_of(product: str, orders_a_day: float) -> list[tuple[float, str]]:
    """Return the reports of a product that are bought in the busiest hour, alone or in a bundle."""
    orders = busiest_hour(orders_a_day, random.Random(1))
    return [(moment, product) for moment, offer in orders if product in OFFERS[offer].reports]


def needs_of(product: str, orders_a_day: float, costs: Costs, threads: int, *limits_s: float) -> Iterator[Need]:
    """Yield for each limit the fewest workers that bring 95 of 100 reports of the busiest hour within it.

    The limits are the shorter the later.
    """
    reports = reports_of(product, orders_a_day)
    calls = outline_of(product).kinds.count("write")
    cpu_s = costs.own_s[product] * steps_of(product) + costs.chapter_s[product] * chapters_of(product)
    # With fewer than are busy on average, the line grows for the whole hour.
    workers, p95_s = int(len(reports) / _HOUR_S * max(cpu_s, calls * _CALL_S / threads)) - 1, math.inf
    for limit_s in limits_s:
        while p95_s > limit_s:
            workers = max(1, workers + 1)
            p95_s = seen_through(reports, costs, {product: workers}, threads=threads).p95(product)
        yield Need(workers, p95_s)


def alone_s(product: str, costs: Costs) -> float:
    """Return the time in which 95 of 100 reports come that have everything to themselves."""
    orders = [(nth * _HOUR_S, product) for nth in range(40)]
    return seen_through(orders, costs, {product: 1}, threads=128).p95(product)


def workers_needed(orders_a_day: float, costs: Costs, threads: int) -> list[Row]:
    """Return, by product, the workers that keep its promise, and those that let hardly anything wait."""
    rows: list[Row] = []
    for product, one in PRODUCTS.items():
        alone = alone_s(product, costs)
        kept, quick = needs_of(product, orders_a_day, costs, threads, one.promise_s, _HARDLY * alone)
        rows.append(
            {
                "product": product,
                "threads": threads,
                "promise s": one.promise_s,
                "workers that keep it": kept.workers,
                "p95 s": kept.p95_s,
                "workers that hardly wait": quick.workers,
                "their p95 s": quick.p95_s,
                "p95 s alone": alone,
            }
        )
    return rows


def short_of_calls(orders_a_day: float, costs: Costs, shares: tuple[float, ...]) -> list[Row]:
    """Return what the busiest hour is like where the provider takes a share of the calls that it needs."""
    orders = busiest_hour(orders_a_day, random.Random(1))
    reports = [product for _, offer in orders for product in OFFERS[offer].reports]
    calls = sum(outline_of(product).kinds.count("write") for product in reports)
    rows: list[Row] = []
    for share in shares:
        limit = share * calls / (_HOUR_S / 60)
        waits = seen_through(orders, costs, dict.fromkeys(PRODUCTS, 2), threads=128, requests_per_minute=limit)
        row: Row = {"of the calls needed": share, "calls a minute": limit}
        rows.append(row | {f"p95 s {offer}": waits.p95(offer) for offer in MIX})
    return rows
