"""The simulation where the answer is known: by the formula of the textbooks, and by arithmetic."""

import math
import random
from functools import partial

import pytest

from tests.benchmarks.queueing.installation import Costs, Installation, outline_of, pool_on
from tests.benchmarks.queueing.machine import Machine, Simulation
from tests.benchmarks.queueing.measured import Waits, take

FAST = "life_clarity"


def erlang_c(servers: int, load: float) -> float:
    """Return the share of customers that wait before so many servers, by A. K. Erlang (1917).

    L. Kleinrock, Queueing Systems, volume 1 (1975), section 3.5. `load` is arrivals by the time that one takes.
    """
    waiting = load**servers / math.factorial(servers) * servers / (servers - load)
    return waiting / (sum(load**count / math.factorial(count) for count in range(servers)) + waiting)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (2, 1.2), (8, 5.6)])
def test_a_station_waits_as_long_as_erlang_says(servers: int, load: float) -> None:
    """Arrivals and services by chance: as many of twenty thousand wait, and as long, as by the formula."""
    sim, rng, waits = Simulation(), random.Random(0), list[float]()
    station = Machine(sim, servers).station(servers)
    moment, count = 0.0, 20_000

    def come(seconds: float) -> None:
        came = sim.now
        station.do(seconds, lambda: waits.append(sim.now - came - seconds))

    for _ in range(count):
        moment += rng.expovariate(load)
        sim.after(moment, partial(come, rng.expovariate(1.0)))
    sim.run()
    assert len(waits) == count
    share = erlang_c(servers, load)
    assert sum(wait > 1e-6 for wait in waits) / count == pytest.approx(share, rel=0.05)
    assert sum(waits) / count == pytest.approx(share / (servers - load), rel=0.1)


def test_processors_are_shared_by_weight_and_lent_to_whoever_can_use_them() -> None:
    """Four things of ten seconds on two processors: the heavy one has one to itself, the light ones the other."""
    sim, ends = Simulation(), dict[str, float]()
    machine = Machine(sim, 2)
    heavy, light = machine.station(), machine.station(3, weight=15)

    def end(name: str) -> None:
        ends[name] = sim.now

    heavy.do(10, partial(end, "heavy"))
    for name in ("one", "two", "three"):
        light.do(10, partial(end, name))
    sim.run()
    # For ten seconds a third of a processor each; then two thirds, until the last of 20 seconds is done.
    assert ends == pytest.approx({"heavy": 10.0, "one": 20.0, "two": 20.0, "three": 20.0})
    assert machine.used_s == pytest.approx(40.0)


def through(costs: Costs, *, workers: int = 1, orders: int = 1, limit: float = 0.0) -> Waits:
    """Return the waits of fast orders that come at once, with calls of two seconds and nothing else to share."""
    sim = Simulation()
    servers = {name: Machine(sim, 1).station() for name in ("web", "mongod", "redis", "mailing")}
    pools = {FAST: pool_on([Machine(sim, 1) for _ in range(workers)], FAST)}
    house = Installation(sim, costs, pools, servers, lambda: 2.0, limit)
    return take(sim, house, [(0.0, FAST)] * orders)


def costs(own_s: float, chapter_s: float) -> Costs:
    """Return costs of which the servers have none."""
    return Costs({FAST: own_s}, {FAST: chapter_s}, mongod_s=0, redis_s=0, web_s=0, mailing_s=0)


def test_an_order_alone_takes_its_longest_way() -> None:
    """The sections at once, then the chapters and the binding on one processor, are all that it waits for."""
    assert outline_of(FAST).bounds == {"write": 4, "render": 2}
    # The call, four chapters, and the binding, which costs two of them.
    assert through(costs(0.0, 0.5)).p95() == pytest.approx(2.0 + 4 * 0.5 + 2 * 0.5)


def test_every_report_is_written_once_and_the_work_is_conserved() -> None:
    """Many orders before three workers take as long as their work does, and no less."""
    waits = through(costs(0.1, 0.2), workers=3, orders=60)
    work_s = 60 * (0.1 * 10 + 0.2 * 6)
    assert len(waits.delivery[FAST]) == 60
    assert work_s / 3 <= waits.all_s <= work_s / 3 * 1.15 + 2.0


def test_a_short_limit_makes_calls_wait() -> None:
    """Where the provider takes sixty calls a minute, the last of 40 orders has its fourth call after 160 s."""
    waits = through(costs(0.0, 0.0), orders=40, limit=60)
    assert waits.all_s == pytest.approx(160 + 2, abs=1)
