"""`make crashes`: a process dies before and after each side effect of the engine, and all comes as promised.

Which side effects there are is not written down anywhere: each scenario is played once in peace, and noted. Then
it is played once for each kind that no scenario before it has, before and after it, at its first and at its last
occurrence. A sample of that is a test.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from rich.console import Console

from infra.local.stack import Stack
from tests.benchmarks.figures import publish
from tests.crashes.edges import Edge, Moment, Note, Trap
from tests.crashes.judging import judge
from tests.crashes.lane import Lane, StuckError
from tests.crashes.scenarios import SCENARIOS, Case
from tests.ports import free_ports
from tests.products.selling import catalogue_kept, sell_test_products
from tests.warm import begin

#: The plays after which an edge counts as unreachable: how often one occurs depends on who is quicker. The last
#: one is by fresh processes, for what comes once in the life of each.
_PLAYS = 3
#: The time after which what a bug has lost counts as lost. A sound sweep needs a third of it.
_WITH_A_BUG_S = 60.0
#: For each bug of `planted.py` the edge before which a crash shows it: its effect, and a part of its site.
PLANTED = {
    "a completion that ignores its record": ("mongodb update orders", "mark_delivered"),
    "a sweep that never sends again": ("redis send complete_order", ""),
}


class Cell(NamedTuple):
    """One crash: in a scenario, before or after that occurrence of an edge.

    An edge that only comes after another crash has that one as its `cause`.
    """

    scenario: str
    edge: Edge
    moment: Moment
    nth: int
    cause: "Cell | None" = None

    def __str__(self) -> str:
        where = f"{self.moment} {self.edge.effect} [{self.nth}] at {self.edge.site}"
        return f"{self.cause}, and then {where}" if self.cause else f"{self.scenario}: {where}"

    def traps(self, nth: int, since: int) -> list[Trap]:
        """Return its traps, its own at that occurrence from there on."""
        before = self.cause.traps(self.cause.nth, since) if self.cause else []
        return [*before, Trap(self.edge, self.moment, nth, since)]


class Played(NamedTuple):
    """What came of a cell. `wrongs` is empty if all was as promised."""

    cell: Cell
    reached: bool
    wrongs: list[str]
    seconds: float
    #: All edges that any process came to meanwhile.
    edges: frozenset[Edge]


@contextmanager
def lanes(stack: Stack, folder: Path, bugs: Sequence[str]) -> Iterator[list[Lane]]:
    """Start a lane for each of these bugs of `planted.py`, or with none where it is empty, all at once."""
    stack.llm.set_brevity(brief=True)
    stack.stripe.hold_deliveries()
    ports = free_ports(len(bugs))
    with ExitStack() as held:
        held.enter_context(catalogue_kept())
        sell_test_products()
        held.callback(stack.stripe.resume_deliveries)
        made = [
            held.enter_context(Lane(stack, folder / f"lane-{number}", number, port, bug))
            for number, (port, bug) in enumerate(zip(ports, bugs, strict=True), start=1)
        ]
        for lane in made:
            lane.wait_ready()
        yield made


def play(lane: Lane, scenario: str) -> tuple[list[Note], list[str]]:
    """Play a scenario once. Returns what was noted meanwhile, and what is wrong in the end."""
    told = SCENARIOS[scenario]
    since = lane.trapper.end()
    case = Case(lane, told.product, told.answers)
    try:
        told.play(case)
    except StuckError as stuck:
        wrongs = [str(stuck), *judge(case, told, lane.trapper.notes(since))]
    else:
        wrongs = judge(case, told, lane.trapper.notes(since))
    if wrongs:
        lane.clear()
    return lane.trapper.notes(since), wrongs


def record(lane: Lane, scenarios: Sequence[str]) -> list[Cell]:
    """Play each scenario in peace. Returns the cells of all edges, each in the first scenario that has it."""
    cells: list[Cell] = []
    known: set[Edge] = set()
    for scenario in scenarios:
        notes, wrongs = play(lane, scenario)
        if wrongs:
            raise StuckError(f"{scenario} goes wrong in peace: {wrongs}")
        counted = Counter((note.edge, note.moment) for note in notes if note.moment != "died")
        for (edge, moment), count in counted.items():
            if edge not in known:
                cells += [Cell(scenario, edge, moment, nth) for nth in sorted({1, count})]
        known |= {edge for edge, _ in counted}
    return cells


def crash(lane: Lane, cell: Cell) -> Played:
    """Play a cell, until a process died there; if it never occurs so often, at the last time that it did."""
    began, nth, edges = time.monotonic(), cell.nth, set[Edge]()
    for plays_left in reversed(range(_PLAYS)):
        if not plays_left:
            lane.deploy()
        lane.renew_sweep()
        lane.trapper.set_traps(cell.traps(nth, lane.trapper.end()))
        notes, wrongs = play(lane, cell.scenario)
        lane.trapper.clear_traps()
        edges |= {note.edge for note in notes}
        reached = any((note.edge, note.moment) == (cell.edge, "died") for note in notes)
        if reached or wrongs:
            break
        nth = max(1, sum((note.edge, note.moment) == (cell.edge, cell.moment) for note in notes))
    return Played(cell, reached, wrongs, time.monotonic() - began, frozenset(edges))


def covered(played: Sequence[Played]) -> set[Edge]:
    """Return the edges at which a process died in each moment that was tried."""
    tried = {one.cell[1:3] for one in played}
    missed = tried - {one.cell[1:3] for one in played if one.reached}
    return {edge for edge, _ in tried} - {edge for edge, _ in missed}


def caused(played: Sequence[Played]) -> list[Cell]:
    """Return the cells of the edges that only crashes brought, each after the first crash that did.

    What came by chance when a scenario was played in peace, and never again, is one of these.
    """
    causes: dict[Edge, Cell] = {}
    done = covered(played)
    for one in played:
        for edge in one.edges.difference(done):
            causes.setdefault(edge, one.cell)
    moments: tuple[Moment, ...] = ("before", "after")
    pairs = [(edge, moment) for edge in sorted(causes) for moment in moments]
    return [Cell(causes[edge].scenario, edge, moment, 1, causes[edge]) for edge, moment in pairs]


def crash_all(free: Sequence[Lane], cells: Sequence[Cell]) -> Iterator[Played]:
    """Play cells in several lanes at once. Yields each when it is over, in their order."""
    waiting: SimpleQueue[Lane] = SimpleQueue()
    for lane in free:
        waiting.put(lane)

    def one(cell: Cell) -> Played:
        lane = waiting.get()
        try:
            return crash(lane, cell)
        finally:
            waiting.put(lane)

    with ThreadPoolExecutor(len(free)) as threads:
        yield from threads.map(one, cells)


def bringing_to_light(bug: str, cells: Sequence[Cell]) -> Cell:
    """Return the crash that shows a planted bug."""
    effect, at = PLANTED[bug]
    before = (cell for cell in cells if cell.moment == "before")
    return next(cell for cell in before if cell.edge.effect == effect and at in cell.edge.site)


def report(played: Sequence[Played], planted_found: int) -> dict[str, float]:
    """Print the edges and publish the figures. Returns these."""
    by_edge: dict[Edge, list[Played]] = {}
    for one in played:
        by_edge.setdefault(one.cell.edge, []).append(one)
    rows = [_row(edge, of_edge) for edge, of_edge in sorted(by_edge.items())]
    missed, in_peace = by_edge.keys() - covered(played), {one.cell.edge for one in played if not one.cell.cause}
    figures: dict[str, float] = {
        "edges_covered": len(covered(played)),
        "edges_missed": len(missed & in_peace),
        "edges_by_chance": len(missed - in_peace),
        "crashes": sum(one.reached for one in played),
        "violations": sum(bool(one.wrongs) for one in played),
        "planted_found": planted_found,
    }
    publish("crashes", "Side effects before and after which a process died", rows, figures)
    return figures


def _row(edge: Edge, played: Sequence[Played]) -> dict[str, Any]:
    return {
        "effect": edge.effect,
        "at": edge.site,
        "in": played[0].cell.scenario,
        "crashes": sum(one.reached for one in played),
        "missed": sum(not one.reached for one in played),
        "wrong": sum(bool(one.wrongs) for one in played),
        "longest_s": max(one.seconds for one in played),
    }


def main() -> int:
    """Run the matrix. Exit 1 if anything is wrong, an edge was not reached, or a planted bug not found."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lanes", type=int, default=4)
    asked.add_argument("--only", action="append", choices=SCENARIOS, help="Play only scenarios so named.")
    asked.add_argument("--at", default="", help="Die only where this is a part of the crash's name.")
    asked.add_argument("--sample", type=int, help="Draw so many crashes.")
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), latency_s=0.05, begin=begin) as stack:
        with lanes(stack, _new(folder, "sound"), ("",) * wanted.lanes) as free:
            every = record(free[0], wanted.only or [*SCENARIOS])
            cells = [cell for cell in every if wanted.at in str(cell)]
            sys.stdout.write(f"{len({cell.edge for cell in cells})} edges, {len(cells)} crashes\n")
            random.Random(wanted.seed).shuffle(cells)
            played = _told(crash_all(free, cells[: wanted.sample]))
            if not (wanted.sample or wanted.at):
                played += _told(crash_all(free, caused(played)))
        with lanes(stack, _new(folder, "planted"), [*PLANTED]) as free:
            for lane in free:
                lane.patience_s = _WITH_A_BUG_S
            shown = [crash(lane, bringing_to_light(bug, every)) for lane, bug in zip(free, PLANTED, strict=True)]
    figures = report(played, sum(bool(one.wrongs) for one in shown))
    return 1 if figures["violations"] or figures["edges_missed"] or figures["planted_found"] < len(PLANTED) else 0


def _new(folder: str, name: str) -> Path:
    made = Path(folder) / name
    made.mkdir()
    return made


def _told(coming: Iterator[Played]) -> list[Played]:
    """Print each crash as it comes."""
    console, played = Console(width=200), []
    for one in coming:
        played.append(one)
        outcome = "; ".join(one.wrongs) or ("right" if one.reached else "not reached")
        console.print(f"{len(played)} {one.cell}: {outcome} ({one.seconds:.0f} s)", markup=False)
    return played


if __name__ == "__main__":
    sys.exit(main())
