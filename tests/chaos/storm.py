"""A storm: orders arrive, processes are killed and servers fail, all drawn from one seed; then it is quiet."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from actors.audit.evidence import Violation
from actors.products.catalogue import OFFERS
from tests.audit.till import Till
from tests.chaos.blows import Figures, flush_redis, kill_primary
from tests.chaos.scene import Scene
from tests.chaos.troubles import LASTING, OF_PROCESSES, OF_SERVERS, OF_SETS, draw, last

#: Kills to each process that is told to end, and replaced.
_KILLS_TO_A_TERM = 5
#: An outage so long that orders pile up, which are drained after it.
_LONG_S = 30.0
#: The longest that the storm holds still after it.
_STILL_S = 300.0
_BIRTH = {"birth_date": "1988-04-17", "birth_place": "London"}

Say = Callable[[str], None]


class Plan(NamedTuple):
    """Orders by product, kills, and outages: the seconds of each, and of how many troubles at once."""

    orders: dict[str, int]
    kills: int
    outages: Sequence[tuple[float, int]]
    #: The time over which orders and kills are spread.
    seconds: float
    seed: int
    #: The time that the provider takes for an answer.
    call_s: float = 0.0


class Drain(NamedTuple):
    """Orders that a long outage held up, and the seconds from its end until the last of them was delivered.

    Nothing is killed, troubled or bought meanwhile, for five minutes at most. `calm_s` is what as many of each
    product take that are bought at once when nothing was troubled before, either.
    """

    outage: str
    orders: int
    seconds: float
    calm_s: float


@dataclass
class Outcome:
    """What came of a storm."""

    violations: list[Violation]
    orders: int
    kills: int
    outages: int
    drained: list[Drain] = field(default_factory=list)
    #: From the end of the storm until nothing was under way any more.
    quiet_s: float = 0.0
    #: What came of the blows after it, on a set of three.
    blows: Figures = field(default_factory=dict)


class Storm:
    """One storm over a scene."""

    def __init__(self, scene: Scene, plan: Plan, say: Say) -> None:
        """Draw nothing yet. `say` is told how it goes."""
        self._scene, self._plan, self._say = scene, plan, say
        self._till = Till(scene.stack)
        #: Outages that held orders up: when each was over, and those that were not delivered then.
        self._held_up: list[tuple[str, float, list[str]]] = []
        self._began = time.monotonic()
        self._rages = threading.Event()
        self._rages.set()

    def run(self, patience_s: float) -> Outcome:
        """Let it rage, wait until it is quiet, for so long at most, and have everything audited."""
        with ThreadPoolExecutor(3) as pool:
            deeds = [pool.submit(deed) for deed in (self._buy, self._kill, self._trouble)]
            for deed in deeds:
                deed.result()
        ended = time.monotonic()
        left, orders = self._scene.undelivered(), len(self._scene.orders)
        self._say(f"the storm is over: {orders} orders, {left} of them not delivered yet")
        for part in self._scene.pressroom.parts:
            part.launch()
        self._scene.until_quiet(patience_s)
        quiet_s = time.monotonic() - ended
        self._say(f"quiet after {quiet_s:.0f} s")
        # Where something is stuck, the audit says so, and nothing else can be measured.
        is_well = not self._scene.undelivered()
        drained = [self._drain(*one, patience_s) for one in self._held_up] if is_well else []
        blows = self._strike() if is_well and self._scene.primary is not None else {}
        violations = self._scene.auditor.audit()
        kills = self._scene.kills.total()
        return Outcome(violations, orders, kills, len(self._plan.outages), drained, quiet_s, blows)

    def _buy(self) -> None:
        """Buy all orders, evenly."""
        products = [product for product, count in self._plan.orders.items() for _ in range(count)]
        random.Random(self._plan.seed).shuffle(products)
        for nth, product in enumerate(products):
            self._wait_for(nth / len(products))
            self._buy_one(product)

    def _buy_one(self, product: str = "life_clarity") -> str:
        email = f"{len(self._scene.orders)}.{self._scene.pressroom.email}"
        order = self._till.buy(email, product, OFFERS[product].price, **_BIRTH)
        self._scene.orders.append(order)
        return order

    def _strike(self) -> Figures:
        """Strike the blows of `blows`, one after the other."""
        figures = flush_redis(self._scene, self._buy_one, self._plan.call_s)
        figures |= kill_primary(self._scene, self._buy_one)
        self._say(f"blows: {figures}")
        return figures

    def _drain(self, outage: str, over: float, held_up: list[str], patience_s: float) -> Drain:
        """Buy as many as an outage held up, all at once, and compare."""
        began, before = time.time(), len(self._scene.orders)
        found = self._scene.pressroom.db.orders.find({"_id": {"$in": held_up}}, {"product": 1})
        for order in found.to_list():
            self._buy_one(order["product"])
        self._scene.until_quiet(patience_s)
        seconds, calm_s = self._delivered_in(held_up, over), self._delivered_in(self._scene.orders[before:], began)
        self._say(f"{outage}: {len(held_up)} orders took {seconds:.0f} s, as many without trouble {calm_s:.0f} s")
        return Drain(outage, len(held_up), seconds, calm_s)

    def _delivered_in(self, orders: Sequence[str], since: float) -> float:
        """Return the seconds until the last delivery of some orders."""
        delivered = {"_id": {"$in": orders}, "delivered_at": {"$ne": None}}
        found = self._scene.pressroom.db.orders.find(delivered, {"delivered_at": 1})
        return max((order["delivered_at"].timestamp() for order in found), default=since) - since

    def _kill(self) -> None:
        """Kill processes, workers most of all, and tell one to end now and then."""
        rng = random.Random(self._plan.seed + 1)
        parts = self._scene.pressroom.parts
        weights = [4 if part.name.startswith("worker") else 1 for part in parts]
        for nth in range(self._plan.kills):
            self._wait_for((nth + rng.random()) / self._plan.kills)
            self._scene.kill(rng.choices(parts, weights)[0])
            if nth % _KILLS_TO_A_TERM == _KILLS_TO_A_TERM - 1:
                self._scene.replace(rng.choices(parts, weights)[0])

    def _trouble(self) -> None:
        """Have one trouble after the other, of every kind before one comes again."""
        rng = random.Random(self._plan.seed + 2)
        troubles = sorted(OF_SERVERS | OF_PROCESSES | (OF_SETS if self._scene.primary else {}))
        deck: list[str] = []
        for nth, (seconds, at_once) in enumerate(self._plan.outages):
            self._wait_for((nth + rng.random()) / len(self._plan.outages))
            if not deck:
                deck = rng.sample(troubles, len(troubles))
            names = draw(rng.sample(LASTING, len(LASTING)) if seconds >= _LONG_S else deck, at_once)
            self._say(
                f"{' and '.join(names)}, for {seconds:g} s; {self._scene.undelivered()} orders are under way"
            )
            self._endure(names, seconds)

    def _endure(self, names: Sequence[str], seconds: float) -> None:
        """Have troubles. After long ones the storm holds still until all that they held up is delivered."""
        over = last(self._scene, seconds, *names)
        if seconds < _LONG_S:
            return
        began = time.monotonic()
        self._rages.clear()
        try:
            self._hold_still(" and ".join(names), over)
        finally:
            self._began += time.monotonic() - began
            self._rages.set()

    def _hold_still(self, outage: str, over: float) -> None:
        """Wait until all is delivered that an outage held up."""
        undelivered = {"_id": {"$in": self._scene.orders[:]}, "delivered_at": None, "attention": None}
        held_up = self._scene.pressroom.db.orders.distinct("_id", undelivered)
        if held_up:
            self._held_up.append((outage, over, held_up))
        deadline = time.monotonic() + _STILL_S
        while self._scene.undelivered() and time.monotonic() < deadline:
            time.sleep(0.25)

    def _wait_for(self, share: float) -> None:
        """Wait until so much of the storm's time is over, and it rages."""
        while True:
            self._rages.wait()
            left = self._began + share * self._plan.seconds - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 1.0))
