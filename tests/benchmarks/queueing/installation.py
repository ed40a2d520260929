"""Installation in a simulation: orders on their way through real plans, workers, servers and the provider."""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.worker.niceness import niceness_of
from tests.benchmarks.queueing.machine import Machine, Simulation, Station, Then

#: Of a worker, as in `actors.worker.process`: messages, renderings, and children that set type.
HANDS, RENDERINGS, CHILDREN = 32, 6, 2
#: Of children, by decision 16: those of a worker that yields to nobody, and all others.
_NICE, _NICER = 1, 19
#: Binding a book costs so many of its chapters.
BINDING = 2.0


def weight_of(nice: int) -> float:
    """Return the kernel's weight of a niceness, by its rule of thumb: each step is a quarter."""
    return 1024 / 1.25**nice


@dataclass(frozen=True)
class Costs:
    """Seconds of a processor, by what they are for.

    By product: a step of its worker's own, and a chapter of its children. By server: a step, and of `web` an
    order, of `mailing` and `mail` a letter, of `llm` a call, of `s3` a chapter or book.
    """

    own_s: Mapping[str, float]
    chapter_s: Mapping[str, float]
    mongod_s: float
    redis_s: float
    web_s: float
    mailing_s: float
    mail_s: float = 0.0
    llm_s: float = 0.0
    s3_s: float = 0.0


@dataclass(frozen=True)
class Outline:
    """Plan of a product, by the numbers of its steps."""

    kinds: tuple[str, ...]
    needs: tuple[int, ...]
    #: By step, those that need it.
    followers: tuple[tuple[int, ...], ...]
    bounds: Mapping[str, int]


@cache
def outline_of(product: str) -> Outline:
    """Return the outline of a product that is sold."""
    plan = plan_of(PRODUCTS[product])
    numbers = {key: number for number, key in enumerate(plan["steps"])}
    followers: dict[int, list[int]] = defaultdict(list)
    for key, step in plan["steps"].items():
        for need in step["needs"]:
            followers[numbers[need]].append(numbers[key])
    steps = list(plan["steps"].values())
    return Outline(
        tuple(step["kind"] for step in steps),
        tuple(len(step["needs"]) for step in steps),
        tuple(tuple(followers[number]) for number in range(len(steps))),
        {"write": plan["bounds"]["write"], "render": plan["bounds"]["render"]},
    )


class Queue:
    """Messages before some workers, each of which has so many hands. Who has most of them free takes the next."""

    def __init__(self, workers: int, hands: int) -> None:
        """Wait for messages."""
        self._free = [hands] * workers
        self._waiting: list[tuple[int, int, Callable[[int], None]]] = []
        self._numbers = itertools.count()

    def send(self, work: Callable[[int], None], place: int = 1) -> None:
        """Have a worker, whose number it is told, work on a message; the smaller place goes first."""
        heapq.heappush(self._waiting, (place, next(self._numbers), work))
        self._hand_out()

    def free(self, worker: int) -> None:
        """Take a worker's hand back."""
        self._free[worker] += 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and (most := max(self._free)):
            worker = self._free.index(most)
            self._free[worker] -= 1
            heapq.heappop(self._waiting)[2](worker)


@dataclass(frozen=True)
class Pool:
    """Workers of a product: their loops and their children, and their two queues."""

    loops: list[Station]
    children: list[Station]
    queues: Mapping[str, Queue]


def pool_on(machines: list[Machine], product: str, hands: int = HANDS) -> Pool:
    """Return a worker of a product on each machine, with so many messages in the air."""
    nice = niceness_of(product)
    children = weight_of(_NICER if nice else _NICE)
    count = len(machines)
    return Pool(
        [machine.station(weight=weight_of(nice)) for machine in machines],
        [machine.station(CHILDREN, children) for machine in machines],
        {"write": Queue(count, hands), "render": Queue(count, RENDERINGS)},
    )


class Installation:
    """Everything that an order passes. `servers` are one machine's stations, by name."""

    def __init__(
        self,
        sim: Simulation,
        costs: Costs,
        pools: Mapping[str, Pool],
        servers: Mapping[str, Station],
        call_s: Callable[[], float],
        requests_per_minute: float = 0.0,
    ) -> None:
        """Wait for orders. A call takes `call_s()`; without a limit the provider takes all at once."""
        self.sim, self.costs, self.pools, self._servers, self.call_s = sim, costs, pools, servers, call_s
        self._limit = Machine(sim, 1).station() if requests_per_minute else None
        self._interval_s = 60 / requests_per_minute if requests_per_minute else 0.0

    def order(self, products: tuple[str, ...], first_call: Then, delivered: Then) -> None:
        """Take a paid order; tell of its first call and of its letter."""
        left = [len(products)]

        def stored() -> None:
            left[0] -= 1
            if not left[0]:
                self.at("mailing", lambda: self.at("mongod", lambda: self.at("mail", delivered)))

        def begin() -> None:
            for product in products:
                _Report(self, product, first_call, stored).queue()

        self.at("web", lambda: self.at("mongod", begin))

    def at(self, server: str, then: Then) -> None:
        """Have a server work, if it costs anything."""
        seconds = getattr(self.costs, f"{server}_s")
        if seconds:
            self._servers[server].do(seconds, then)
        else:
            then()

    def room(self, then: Then) -> None:
        """Go on when the provider's limit has room for a call."""
        if self._limit:
            self._limit.do(self._interval_s, then)
        else:
            then()


class _Report:
    """Report on its way: steps become ready as those before them are done, a few are in the air at once."""

    def __init__(self, house: Installation, product: str, first_call: Then, stored: Then) -> None:
        self._house, self._product, self._pool = house, product, house.pools[product]
        self._outline = outline_of(product)
        self._first_call, self._has_called, self._stored = first_call, False, stored
        self._needs = [*self._outline.needs]
        self._ready: dict[str, list[int]] = {"write": [], "render": []}
        self._slots = dict(self._outline.bounds)

    def queue(self) -> None:
        """Send the message that begins it, which goes before others."""
        self._pool.queues["write"].send(self._begin, place=0)

    def _begin(self, worker: int) -> None:
        def begun() -> None:
            for step, needs in enumerate(self._needs):
                if not needs:
                    self._make_ready(step)
            self._fill(place=0)
            self._pool.queues["write"].free(worker)

        self._own(worker, lambda: self._house.at("mongod", begun))

    def _make_ready(self, step: int) -> None:
        heapq.heappush(self._ready[self._slot(step)], step)

    def _slot(self, step: int) -> str:
        return "write" if self._outline.kinds[step] == "write" else "render"

    def _fill(self, place: int = 1) -> None:
        for slot, ready in self._ready.items():
            while ready and self._slots[slot]:
                self._slots[slot] -= 1
                self._pool.queues[slot].send(partial(self._work, heapq.heappop(ready)), place)
                place = 1

    def _work(self, step: int, worker: int) -> None:
        """Claim, then buy or set, then check in: half of what a step costs is before its work, half after it."""
        end = partial(self._done, step, worker)
        after = partial(self._own, worker, lambda: self._server_calls(end), 0.5)
        kind = self._outline.kinds[step]
        if kind == "write":
            before = partial(self._house.room, partial(self._call, after))
        else:
            seconds = self._house.costs.chapter_s[self._product] * (BINDING if kind == "assemble" else 1.0)
            child = self._pool.children[worker]
            before = partial(child.do, seconds, lambda: self._house.at("s3", after))
        self._own(worker, before, 0.5)

    def _own(self, worker: int, then: Then, share: float = 1.0) -> None:
        self._pool.loops[worker].do(self._house.costs.own_s[self._product] * share, then)

    def _server_calls(self, then: Then) -> None:
        self._house.at("redis", lambda: self._house.at("mongod", then))

    def _call(self, then: Then) -> None:
        if not self._has_called:
            self._has_called = True
            self._first_call()
        self._house.sim.after(self._house.call_s(), lambda: self._house.at("llm", then))

    def _done(self, step: int, worker: int) -> None:
        slot = self._slot(step)
        self._slots[slot] += 1
        for follower in self._outline.followers[step]:
            self._needs[follower] -= 1
            if not self._needs[follower]:
                self._make_ready(follower)
        self._fill()
        self._pool.queues[slot].free(worker)
        if self._outline.kinds[step] == "assemble":
            self._stored()
