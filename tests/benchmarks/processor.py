"""What processes have used of the processor, from /proc (so: on Linux)."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.looking import Looking

_TICKS = os.sysconf("SC_CLK_TCK")


def own_s(pid: int) -> float:
    """Seconds of the processor that a process has used itself, without its children."""
    user, system, *_ = _times(Path(f"/proc/{pid}/stat"))
    return (user + system) / _TICKS


def trees_s(pids: Mapping[str, int]) -> dict[str, float]:
    """Seconds that processes, by name, and all below each have used.

    The dead are counted too if one of those above waited for them.
    """
    below = _children()
    return {
        name: sum(sum(_times_or_none(one)) for one in _tree(pid, below)) / _TICKS for name, pid in pids.items()
    }


def tree_s(pid: int) -> float:
    """As `trees_s`, of one process."""
    return trees_s({"": pid})[""]


def tree(pid: int) -> list[int]:
    """The process and all below it, whatever sessions they are in."""
    return _tree(pid, _children())


def _tree(pid: int, below: Mapping[int, Sequence[int]]) -> list[int]:
    found = [pid]
    for each in found:
        found += below.get(each, ())
    return found


def _children() -> dict[int, list[int]]:
    """Every process's children, from one pass over all: a pass takes milliseconds of what is measured."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            below.setdefault(int(_fields(stat)[1]), []).append(int(stat.parent.name))
        except (OSError, ProcessLookupError):
            continue  # it has ended meanwhile
    return below


def _fields(stat: Path) -> list[str]:
    # The name in parentheses may hold anything: what follows it counts from the third field on.
    return stat.read_text().rpartition(")")[2].split()


def _times_or_none(pid: int) -> tuple[int, int, int, int]:
    try:
        return _times(Path(f"/proc/{pid}/stat"))
    except (OSError, ProcessLookupError):
        return 0, 0, 0, 0


def _times(stat: Path) -> tuple[int, int, int, int]:
    """User and system time of a process, then of its children that ended, in ticks."""
    user, system, below_user, below_system = map(int, _fields(stat)[11:15])
    return user, system, below_user, below_system


class Meter(Looking):
    """What some processes, by name, have used with all below them, at each look."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """Begin with the `with` block."""
        super().__init__(self._note)
        self._pids = pids
        self._looks: list[tuple[float, dict[str, float]]] = []

    def used(self, began: float, ended: float) -> dict[str, float]:
        """Return the seconds that each used between two moments (Unix time)."""
        first, last = self._at(began), self._at(ended)
        return {name: last[name] - first[name] for name in self._pids}

    def _at(self, moment: float) -> dict[str, float]:
        return min(self._looks, key=lambda look: abs(look[0] - moment))[1]

    def _note(self) -> None:
        self._looks.append((time.time(), trees_s(self._pids)))
