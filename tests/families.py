"""Families of processes: what a process has started, and what those have, whatever sessions they are in."""

from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """Process, which its id alone does not name for long. `began` is in the kernel's ticks since boot."""

    id: int
    began: int


def family(of: int) -> set[Process]:
    """Return the descendants of a process that are alive."""
    parents = {one: parent for one, parent, _ in _all()}
    found, more = set[Process](), {of}
    while more:
        below = {one for one, parent in parents.items() if parent in more}
        found, more = found | below, {one.id for one in below - found}
    return found


def alive(processes: set[Process]) -> set[Process]:
    """Return those that have not ended. A zombie has."""
    return processes & {one for one, _, state in _all() if state not in {"Z", "X"}}


def moving() -> set[int]:
    """Return the ids of all processes that are neither over nor stopped."""
    return {one.id for one, _, state in _all() if state not in {"Z", "X", "T"}}


def _all() -> list[tuple[Process, int, str]]:
    """Return all processes, each with its parent's id and its state."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        found.append((Process(int(stat.parent.name), int(facts[19])), int(facts[1]), facts[0]))
    return found
