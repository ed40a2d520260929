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
from tests.chaos.scene import Scene
from tests.chaos.troubles import LASTING, OF_PROCESSES, OF_SERVERS, OF_SETS, draw, last

#: Kills to each process that is told to end, and replaced.
_KILLS_TO_A_TERM = 5
#: An outage so long that orders pile up, which are drained after it.
_LONG_S = 30.0
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


@dataclass
class Outcome:
    """What came of a storm."""

    violations: list[Violation]
    orders: int
    kills: int
    outages: int
    #: For long outages: what waited at their end, and after how many seconds it was delivered.
    drained: list[tuple[str, int, float]] = field(default_factory=list)
    #: From the end of the storm until nothing was under way any more.
    quiet_s: float = 0.0


class Storm:
    """One storm over a scene."""

    def __init__(self, scene: Scene, plan: Plan, say: Say) -> None:
        """Draw nothing yet. `say` is told how it goes."""
        self._scene, self._plan, self._say = scene, plan, say
        self._drained: list[tuple[str, int, float]] = []
        self._began = time.monotonic()
        self._is_over = False

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
        self._is_over = True
        quiet_s = time.monotonic() - ended
        self._say(f"quiet after {quiet_s:.0f} s")
        violations = self._scene.auditor.audit()
        kills = self._scene.kills.total()
        return Outcome(violations, orders, kills, len(self._plan.outages), self._drained, quiet_s)

    def _buy(self) -> None:
        """Buy all orders, evenly."""
        till, rng = Till(self._scene.stack), random.Random(self._plan.seed)
        products = [product for product, count in self._plan.orders.items() for _ in range(count)]
        rng.shuffle(products)
        for nth, product in enumerate(products):
            self._wait_for(nth / len(products))
            price = OFFERS[product].price
            self._scene.orders.append(till.buy(f"{nth}.{self._scene.pressroom.email}", product, price, **_BIRTH))

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
        over = last(self._scene, seconds, *names)
        if seconds >= _LONG_S:
            waiting = self._scene.orders[:]
            threading.Thread(target=self._drain, args=(" and ".join(names), waiting, over), daemon=True).start()

    def _drain(self, name: str, orders: list[str], over: float) -> None:
        """Note how many orders waited at the end of an outage, and when the last of them was delivered."""
        undelivered = {"_id": {"$in": orders}, "delivered_at": None}
        orders_of = self._scene.pressroom.db.orders
        waiting = left = orders_of.count_documents(undelivered)
        while left and not self._is_over:
            time.sleep(0.5)
            left = orders_of.count_documents(undelivered)
        self._drained.append((name, waiting, time.time() - over))

    def _wait_for(self, share: float) -> None:
        """Wait until so much of the storm's time is over."""
        time.sleep(max(0.0, self._began + share * self._plan.seconds - time.monotonic()))
