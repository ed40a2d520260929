"""Exploration: every world that can come of a plan, breadth first, with the shortest way to each."""

from collections import Counter, deque
from typing import NamedTuple

from tests.model.engine import Engine, Luck, World, beginning
from tests.model.rules import RuleForbids


class Explored(NamedTuple):
    """Number of worlds, whether these are all, and the shortest way to each kind of wrong."""

    worlds: int
    is_whole: bool
    wrong: dict[str, list[str]]


class _Ways:
    """The way by which each world was reached first."""

    def __init__(self, first: World) -> None:
        self.number = {first: 0}
        self.worlds = [first]
        self._from: list[tuple[int, str]] = [(-1, "")]
        #: For each world, those from which it is reached without a fault.
        self.before: list[list[int]] = [[]]

    def reach(self, source: int, what: str, world: World, *, is_fault: bool) -> bool:
        """Note a move. True if its world is new."""
        place = self.number.setdefault(world, len(self.worlds))
        is_new = place == len(self.worlds)
        if is_new:
            self.worlds.append(world)
            self._from.append((source, what))
            self.before.append([])
        if not is_fault:
            self.before[place].append(source)
        return is_new

    def way_to(self, place: int) -> list[str]:
        """Return the moves to a world."""
        words = []
        while place > 0:
            place, what = self._from[place]
            words.append(what)
        return words[::-1]


def explore(engine: Engine, luck: Luck, *, workers: int = 2, most: int = 2_000_000) -> Explored:
    """Reach every world, and look for those that must not be, and those from which no work leads to an end."""
    ways = _Ways(beginning(engine.plan, luck, workers))
    wrong: dict[str, int] = {}
    ends: list[int] = []
    queue = deque([0])
    while queue and len(ways.worlds) < most:
        place = queue.popleft()
        world = ways.worlds[place]
        for what in _wrong_in(engine, world):
            wrong.setdefault(what, place)
        if all(step.state in {"done", "dead"} and step.advanced for _, step in world.state.steps):
            ends.append(place)
        try:
            moves = list(engine.moves(world))
        except RuleForbids as why:
            wrong.setdefault(f"somebody does what no rule allows: {why}", place)
            continue
        for move in moves:
            if ways.reach(place, move.what, move.world, is_fault=move.is_fault):
                queue.append(len(ways.worlds) - 1)
    if not queue and (stuck := _stuck(ways, ends)) is not None:
        wrong["nothing leads to an end"] = stuck
    return Explored(len(ways.worlds), not queue, {what: ways.way_to(place) for what, place in wrong.items()})


def _wrong_in(engine: Engine, world: World) -> list[str]:
    plan, excused = engine.plan, Counter(world.excused)
    wrong = [f"{step} is bought twice" for step, count in world.bought if count > 1 + excused[step]]
    for slot, bound in plan.bounds.items():
        live = [name for name, step in world.state.steps if step.state in {"queued", "claimed"}]
        if sum(plan.slot[name] == slot for name in live) > bound:
            wrong.append(f"more {slot} steps are under way than may be")
    for name, step in world.state.steps:
        begun = step.state in {"queued", "claimed", "done"}
        if begun and any(world.state.step(need).state != "done" for need in plan.needs[name]):
            wrong.append(f"{name} is begun before its needs are done")
    return wrong


def _stuck(ways: _Ways, ends: list[int]) -> int | None:
    """Return the first world from which no moves but faults lead to an end."""
    good = set(ends)
    left = list(ends)
    while left:
        for source in ways.before[left.pop()]:
            if source not in good:
                good.add(source)
                left.append(source)
    return next((place for place in range(len(ways.worlds)) if place not in good), None)
