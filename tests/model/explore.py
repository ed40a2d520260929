"""Exploration: every world that can come of a model, breadth first, with the shortest way to each."""

from collections import deque
from collections.abc import Iterable
from typing import Generic, NamedTuple, Protocol, TypeVar

from tests.model.rules import RuleForbids

World = TypeVar("World")


class Move(NamedTuple, Generic[World]):
    """Move to another world. A fault may happen; all else will, sooner or later."""

    what: str
    world: World
    is_fault: bool = False


class Model(Protocol[World]):
    """Worlds, and all that may happen in them."""

    @property
    def first(self) -> World:
        """Return the world in which it begins."""

    def moves(self, world: World) -> Iterable[Move[World]]:
        """Yield every move that may come next. RuleForbids if one is of a kind that must never be."""

    def wrong_in(self, world: World) -> Iterable[str]:
        """Yield what must not be, and is."""

    def is_end(self, world: World) -> bool:
        """Return whether all is done."""


class Explored(NamedTuple):
    """Number of worlds, whether these are all, and the shortest way to each kind of wrong."""

    worlds: int
    is_whole: bool
    wrong: dict[str, list[str]]


class _Ways(Generic[World]):
    """The way by which each world was reached first."""

    def __init__(self, first: World) -> None:
        self.number = {first: 0}
        self.worlds = [first]
        self._from: list[tuple[int, str]] = [(-1, "")]
        #: For each world, those from which it is reached without a fault.
        self.before: list[list[int]] = [[]]

    def reach(self, source: int, move: Move[World]) -> list[int]:
        """Note a move. Returns the place of its world if that is new."""
        place = self.number.setdefault(move.world, len(self.worlds))
        is_new = place == len(self.worlds)
        if is_new:
            self.worlds.append(move.world)
            self._from.append((source, move.what))
            self.before.append([])
        if not move.is_fault:
            self.before[place].append(source)
        return [place] if is_new else []

    def way_to(self, place: int) -> list[str]:
        """Return the moves to a world."""
        words = []
        while place > 0:
            place, what = self._from[place]
            words.append(what)
        return words[::-1]


def explore(model: Model[World], *, most: int = 3_000_000, until_wrong: bool = False) -> Explored:
    """Reach every world, and look for those that must not be, and those from which no work leads to an end.

    With `until_wrong` the first that must not be is enough.
    """
    ways = _Ways(model.first)
    wrong: dict[str, int] = {}
    ends: list[int] = []
    queue = deque([0])
    while queue and len(ways.worlds) < most and not (until_wrong and wrong):
        place = queue.popleft()
        world = ways.worlds[place]
        for what in model.wrong_in(world):
            wrong.setdefault(what, place)
        if model.is_end(world):
            ends.append(place)
        try:
            moves = list(model.moves(world))
        except RuleForbids as why:
            wrong.setdefault(f"somebody does what no rule allows: {why}", place)
            continue
        for move in moves:
            queue.extend(ways.reach(place, move))
    if not queue and (stuck := _stuck(ways, ends)) is not None:
        wrong["nothing leads to an end"] = stuck
    return Explored(len(ways.worlds), not queue, {what: ways.way_to(place) for what, place in wrong.items()})


def _stuck(ways: _Ways[World], ends: list[int]) -> int | None:
    """Return the first world from which no moves but faults lead to an end."""
    good = set(ends)
    left = list(ends)
    while left:
        for source in ways.before[left.pop()]:
            if source not in good:
                good.add(source)
                left.append(source)
    return next((place for place in range(len(ways.worlds)) if place not in good), None)
