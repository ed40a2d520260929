"""What processes have used of the processor, from /proc (so: on Linux)."""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_EVERY_S = 0.1


def own_s(pid: int) -> float:
    """Seconds of the processor that a process has used itself, without its children."""
    user, system, *_ = _times(Path(f"/proc/{pid}/stat"))
    return (user + system) / _TICKS


def tree_s(pid: int) -> float:
    """Seconds that a process and all below it have used, the dead ones too if one of them waited for these."""
    return sum(sum(times) for times in map(_times_or_none, tree(pid))) / _TICKS


def tree(pid: int) -> list[int]:
    """The process and all below it, whatever sessions they are in."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            below.setdefault(int(_fields(stat)[1]), []).append(int(stat.parent.name))
        except (OSError, ProcessLookupError):
            continue  # it has ended meanwhile
    found = [pid]
    for each in found:
        found += below.get(each, ())
    return found


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


class Meter:
    """Looks ten times a second at what some processes, by name, have used with all below them."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """Begin with the `with` block."""
        self._pids = pids
        self._looks: list[tuple[float, dict[str, float]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def used(self, began: float, ended: float) -> dict[str, float]:
        """Return the seconds that each used between two moments (Unix time)."""
        first, last = self._at(began), self._at(ended)
        return {name: last[name] - first[name] for name in self._pids}

    def _at(self, moment: float) -> dict[str, float]:
        return min(self._looks, key=lambda look: abs(look[0] - moment))[1]

    def _look(self) -> None:
        while not self._over.is_set():
            self._looks.append((time.time(), {name: tree_s(pid) for name, pid in self._pids.items()}))
            self._over.wait(_LOOK_EVERY_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(10)
