"""Simulated time, and machines whose processors are shared by niceness, as Linux shares them."""

import heapq
import itertools
from collections.abc import Callable

Then = Callable[[], None]


class Simulation:
    """Events in simulated time, in the order of their moments."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.now = 0.0
        self._events: list[tuple[float, int, Then]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, do: Then) -> None:
        """Do something so much later."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), do))

    def run(self) -> None:
        """Let time pass until nothing is to come."""
        while self._events:
            self.now, _, do = heapq.heappop(self._events)
            do()


class Machine:
    """Processors that are shared by all that run on them, by weight; nothing runs on two of them at once."""

    def __init__(self, sim: Simulation, processors: float) -> None:
        """Run nothing yet."""
        self._sim, self._processors = sim, processors
        self._stations: list[Station] = []
        self._seen, self._look = 0.0, 0
        self.used_s = 0.0

    def station(self, lanes: int = 1, weight: float = 1024.0) -> "Station":
        """Return a process that does so many things at once, each with that weight."""
        station = Station(self, lanes, weight)
        self._stations.append(station)
        return station

    def change(self, begin: Then) -> None:
        """Let what runs come to this moment, begin something, and share anew."""
        self._pass_time()
        begin()
        self._share()

    def _pass_time(self) -> None:
        passed, self._seen = self._sim.now - self._seen, self._sim.now
        for station in self._stations:
            for job in station.running:
                job.left -= passed * station.rate
            self.used_s += passed * station.rate * len(station.running)

    def _share(self) -> None:
        """Set the speed of each station, and look again when the first of all jobs ends."""
        busy = sorted((one for one in self._stations if one.running), key=lambda one: -one.weight)
        left, weights = self._processors, sum(one.weight * len(one.running) for one in busy)
        for one in busy:
            one.rate = min(1.0, left * one.weight / weights)
            left -= one.rate * len(one.running)
            weights -= one.weight * len(one.running)
        ends = [job.left / one.rate for one in busy for job in one.running]
        self._look += 1
        if ends:
            look = self._look
            self._sim.after(max(0.0, min(ends)), lambda: self._end(look))

    def _end(self, look: int) -> None:
        """End what has come to its end, unless all was shared anew since this look was arranged."""
        if look != self._look:
            return
        self._pass_time()
        ended = [job for one in self._stations for job in one.end()]
        self._share()
        for job in ended:
            job.then()


class _Job:
    """Work of so many seconds of a processor, and what follows it."""

    __slots__ = ("left", "then")

    def __init__(self, seconds: float, then: Then) -> None:
        self.left, self.then = seconds, then


class Station:
    """Process on a machine: its work begins in the order in which it is asked for, a few at a time."""

    #: Seconds that are rounding.
    _NOTHING_S = 1e-9

    def __init__(self, machine: Machine, lanes: int, weight: float) -> None:
        """Do nothing yet."""
        self._machine, self._lanes, self.weight = machine, lanes, weight
        self.rate = 0.0
        self.running: list[_Job] = []
        self._waiting: list[tuple[int, int, _Job]] = []
        self._numbers = itertools.count()

    def do(self, seconds: float, then: Then, *, place: int = 1) -> None:
        """Work so long once it is its turn, which the smaller place has earlier; then go on."""
        heapq.heappush(self._waiting, (place, next(self._numbers), _Job(seconds, then)))
        if len(self.running) < self._lanes:
            self._machine.change(self._begin)

    def end(self) -> list[_Job]:
        """Return what has come to its end, and begin what waits."""
        ended = [job for job in self.running if job.left <= self._NOTHING_S]
        if ended:
            self.running = [job for job in self.running if job.left > self._NOTHING_S]
            self._begin()
        return ended

    def _begin(self) -> None:
        while self._waiting and len(self.running) < self._lanes:
            self.running.append(heapq.heappop(self._waiting)[2])
