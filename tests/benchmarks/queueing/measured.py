"""Costs and waits that benchmarks measured, and the same loads simulated."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from actors.products.catalogue import OFFERS, PRODUCTS
from tests.benchmarks.figures import FOLDER, percentile
from tests.benchmarks.measured import Row
from tests.benchmarks.queueing.installation import BINDING, Costs, Installation, outline_of, pool_on
from tests.benchmarks.queueing.machine import Machine, Simulation

FAST = "life_clarity"
#: Those of `make bench-mix`, and of `make bench-plans` for its burst.
MIX = {FAST: 75, "personal_blueprint": 19, "personal_horoscope": 3, "bundle": 3}
BURST = {FAST: 150}
#: Of the burst: shown, and asked about nowhere else, since it comes sooner than is simulated (decision 61).
FIRST_CALL = "first call, p95"
_CALL_S = 0.02
_PROCESSORS = 2
#: Threads that work in servers at once, at most.
_THREADS = 4


def found(benchmark: str) -> dict[str, float]:
    """Return the seconds that a benchmark's table shows, by what they are of."""
    rows = json.loads((FOLDER / f"{benchmark}.json").read_text())["rows"]
    return {row["what"]: row["s"] for row in rows}


def steps_of(product: str) -> int:
    """Return the steps of a report, the message that begins it counted as one."""
    return 1 + len(outline_of(product).kinds)


def chapters_of(product: str) -> float:
    """Return the chapters that a book costs, its binding among them."""
    return outline_of(product).kinds.count("render") + BINDING


def mix_costs() -> Costs:
    """Return what each thing costs by what the processes of `make bench-mix` used."""
    used = {what.removeprefix("CPU: "): s for what, s in found("mix").items() if what.startswith("CPU: ")}
    reports = {product: MIX[product] + MIX["bundle"] for product in PRODUCTS}
    steps = {product: count * steps_of(product) for product, count in reports.items()}
    chapters = {product: count * chapters_of(product) for product, count in reports.items()}
    printed = sum(count * (1 + outline_of(product).kinds.count("render")) for product, count in reports.items())
    calls = sum(count * outline_of(product).kinds.count("write") for product, count in reports.items())
    orders, every = sum(MIX.values()), sum(steps.values())
    return Costs(
        own_s={product: used[f"own worker-{product}"] / steps[product] for product in PRODUCTS},
        chapter_s={product: used[f"children worker-{product}"] / chapters[product] for product in PRODUCTS},
        mongod_s=used["server mongodb"] / every,
        redis_s=used["server redis"] / every,
        web_s=used["own web"] / orders,
        mailing_s=used["own worker-bundle"] / orders,
        mail_s=used["server mail"] / orders,
        llm_s=used["server llm"] / calls,
        s3_s=used["server s3"] / printed,
    )


class Waits(NamedTuple):
    """Seconds from an order to its first call, and to its letter; by offer."""

    first_call: dict[str, list[float]]
    delivery: dict[str, list[float]]

    def p95(self, offer: str = FAST) -> float:
        """Return the wait for the letter within which 95 of 100 orders of an offer have it."""
        return percentile(self.delivery[offer], 0.95)

    @property
    def all_s(self) -> float:
        """The time until every letter has come."""
        return max(max(waits) for waits in self.delivery.values())


def take(sim: Simulation, house: Installation, orders: Sequence[tuple[float, str]]) -> Waits:
    """Have orders come at their moments, see all of them through, and return how long they waited."""
    offers = {offer for _, offer in orders}
    waits = Waits({offer: [] for offer in offers}, {offer: [] for offer in offers})

    def arrive(moment: float, offer: str) -> None:
        calls, letters = waits.first_call[offer], waits.delivery[offer]
        house.order(
            OFFERS[offer].reports,
            lambda: calls.append(sim.now - moment),
            lambda: letters.append(sim.now - moment),
        )

    for moment, offer in orders:
        sim.after(moment, partial(arrive, moment, offer))
    sim.run()
    return waits


def on_one_machine(costs: Costs, orders: Mapping[str, int]) -> Waits:
    """Return the waits of orders that come at once before one worker a product, all on one machine."""
    sim = Simulation()
    machine = Machine(sim, _PROCESSORS)
    lanes = {"web": 1, "mailing": 1, "mail": 1, "llm": 1, "redis": 1, "mongod": _THREADS, "s3": _THREADS}
    servers = {name: machine.station(count) for name, count in lanes.items()}
    pools = {product: pool_on([machine], product) for product in PRODUCTS}
    house = Installation(sim, costs, pools, servers, lambda: _CALL_S)
    return take(sim, house, [(0.0, offer) for offer, count in orders.items() for _ in range(count)])


def burst_costs(costs: Costs) -> Costs:
    """Return what the burst's chapters cost, whose texts are of another length; all else as in the mix."""
    own_s = BURST[FAST] * steps_of(FAST) * costs.own_s[FAST]
    children_s = found("plans-burst")[f"in all: CPU of worker-{FAST}"] - own_s
    chapter_s = children_s / (BURST[FAST] * chapters_of(FAST))
    return Costs(**{**vars(costs), "chapter_s": {**costs.chapter_s, FAST: chapter_s}})


def reproduced() -> list[Row]:
    """Return what was measured, what is simulated, and the one over the other; of the burst if it was measured."""
    costs, mix = mix_costs(), found("mix")
    alone, mixed = on_one_machine(costs, {FAST: MIX[FAST]}), on_one_machine(costs, MIX)
    pairs = [
        ("75 fast orders alone, mailed, p95", mix, alone.p95()),
        ("the same in the mix", mix, mixed.p95()),
        ("all of the mix delivered", mix, mixed.all_s),
    ]
    if (FOLDER / "plans-burst.json").exists():
        burst, at_once = found("plans-burst"), on_one_machine(burst_costs(costs), BURST)
        pairs.append((FIRST_CALL, burst, percentile(at_once.first_call[FAST], 0.95)))
        pairs.append(("all delivered", burst, at_once.all_s))
    return [
        {"what": what, "measured s": measured[what], "simulated s": s, "ratio": s / measured[what]}
        for what, measured, s in pairs
    ]
