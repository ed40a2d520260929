"""What is decided about one run: by its seed alone, or by a shorter list of faults than the seed's."""

import random
from typing import Literal, NamedTuple

Kind = Literal["crash", "freeze", "stall", "fail", "late", "lose", "twice", "flush", "garble"]

#: How often each kind of fault comes, beside the others.
_WEIGHTS: dict[Kind, int] = {
    "crash": 5,
    "freeze": 2,
    "stall": 4,
    "fail": 3,
    "late": 2,
    "lose": 2,
    "twice": 1,
    "flush": 1,
    "garble": 1,
}
#: Seconds of a freeze, or of an answer that comes late: within all patience, and beyond the times after which a
#: worker counts as dead, an errand is asked for again, and a letter is taken over.
_LENGTHS_S = (2.0, 9.0, 9.0, 15.0, 20.0, 20.0, 70.0)
#: How many faults a run meets.
_COUNTS = (0, 1, 1, 2, 2, 3, 4)
#: The turns in which faults fall: about as many as an order takes without any.
_HORIZON = 260
#: Seconds that the LLM takes for an answer.
_LATENCIES_S = (0.0, 0.0, 0.5, 4.0)
#: The chance that a process goes on which went on before.
_STICKINESS = (0.0, 0.5, 0.9)
#: How far a machine's clock is off, at most: any two agree within the 5 s that the protocol allows for.
_MOST_SKEW_S = 2.4


class Fault(NamedTuple):
    """A fault that meets the first turn, from `turn` on, to which its kind applies."""

    turn: int
    kind: Kind
    seconds: float

    @property
    def stops_the_machine(self) -> bool:
        """Whether a freeze is the whole machine's, with its clocks: every other one is."""
        return self.kind == "freeze" and round(self.seconds * 1000) % 2 == 1


class Script(NamedTuple):
    """Decisions about a run. From turn `calm_from` on whoever waits longest goes on."""

    seed: int
    faults: tuple[Fault, ...]
    calm_from: int | None = None


def script_of(seed: int) -> Script:
    """Return the script that a seed stands for."""
    rng = random.Random(f"faults {seed}")
    kinds, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    faults = [
        Fault(rng.randrange(_HORIZON), rng.choices(kinds, weights)[0], _about(rng, rng.choice(_LENGTHS_S)))
        for _ in range(rng.choice(_COUNTS))
    ]
    return Script(seed, tuple(sorted(faults)))


def _about(rng: random.Random, seconds: float) -> float:
    return round(seconds * rng.uniform(0.8, 1.2), 3)


class Dice:
    """Chances of a run, in the order in which they are asked for."""

    def __init__(self, script: Script) -> None:
        """Throw them by the script's seed."""
        self._rng = random.Random(f"turns {script.seed}")
        self._calm_from = script.calm_from
        self.stickiness = self._rng.choice(_STICKINESS)

    def pick(self, turn: int, waiting: list[str], last: str) -> int:
        """Return the place of that waiter who goes on. They are named by their machines, the longest first."""
        sticks, chance = self._rng.random() < self.stickiness, self._rng.random()
        if self._calm_from is not None and turn >= self._calm_from:
            return 0
        places = [place for place, name in enumerate(waiting) if name == last] if sticks else []
        places = places or list(range(len(waiting)))
        return places[int(chance * len(places))]

    def delay_s(self) -> float:
        """Return the seconds after which a new sweep turns first: at once, or when a calm order has ended."""
        return round(self._rng.choice((0.0, 0.1, 1.0, 2.0)) + 0.1 * self._rng.random(), 3)

    def latency_s(self) -> float:
        """Return the seconds that an answer takes."""
        return self._rng.choice(_LATENCIES_S)

    def skew_s(self) -> float:
        """Return how far the clock of a new machine is off, in whole milliseconds."""
        return round(self._rng.uniform(-_MOST_SKEW_S, _MOST_SKEW_S), 3)
