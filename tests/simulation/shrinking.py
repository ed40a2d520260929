"""Shrinking: the fewest faults, and the calmest turns, with which a seed still fails."""

from collections.abc import Callable

from tests.simulation.run import Run
from tests.simulation.script import Script

Rerun = Callable[[Script], Run]


def shrunk(run: Run, again: Rerun) -> Run:
    """Return the shortest run that fails as well: first by its faults, then by the turns that chance decides."""
    run = _without_faults(run, again)
    run = _earlier(run, again)
    return _calmer(run, again)


def _without_faults(run: Run, again: Rerun) -> Run:
    """Leave out the faults without which it fails, one by one, until each is needed."""
    for fault in run.script.faults:
        fewer = tuple(one for one in run.script.faults if one is not fault)
        shorter = again(run.script._replace(faults=fewer))
        if shorter.wrong:
            return _without_faults(shorter, again)
    return run


def _earlier(run: Run, again: Rerun) -> Run:
    """Move the faults to the first turns at which it fails as well, by halves."""
    for place, fault in enumerate(run.script.faults):
        for turn in (0, fault.turn // 4, fault.turn // 2):
            faults = list(run.script.faults)
            faults[place] = fault._replace(turn=turn)
            moved = again(run.script._replace(faults=tuple(sorted(faults))))
            if moved.wrong and moved.turns < run.turns:
                return _earlier(moved, again)
    return run


def _calmer(run: Run, again: Rerun) -> Run:
    """Find the first turn from which on no chance is needed, by halves."""
    chances = run.turns
    while chances > 0:
        calm = again(run.script._replace(calm_from=chances // 2))
        if not calm.wrong:
            break
        run, chances = calm, chances // 2
    return run
