"""Edges: side effects, by what they are and by where in our code they are caused; and those at which to die.

All processes of a lane note theirs in one journal, so that the first or the last of a kind is known whichever
process it falls to. A process that comes to where a trap is set is gone at once.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Literal, NamedTuple

Moment = Literal["before", "after"]

#: The exit code of a process that died in a trap.
DIED = 86
_ROOT = Path(__file__).parents[2]
_LAYERS = ("handlers/", "actors/", "storage/", "infra/")
#: Files of ours through which calls of many kinds go. What goes through them has its place elsewhere.
_PASSAGES = frozenset(
    {
        "actors/deps/retrying.py",
        "actors/deps/timers.py",
        "handlers/cli/main.py",
        "handlers/cli/processes.py",
        "infra/group_commit.py",
        "storage/database.py",
    }
)


class Edge(NamedTuple):
    """One kind of side effect, caused at one place."""

    effect: str
    site: str


class Note(NamedTuple):
    """Line of a journal. `died` is said by a process that dies there."""

    pid: int
    moment: Moment | Literal["died"]
    edge: Edge


class Trap(NamedTuple):
    """Edge at which a process dies, before or after its occurrence of that number, counted from `since` on."""

    edge: Edge
    moment: Moment
    nth: int
    since: int = 0


class Journal:
    """Journal of a lane, in the hands of one of its processes."""

    def __init__(self, folder: Path) -> None:
        """Write to the journal of that folder, and look there for traps."""
        self._path, self._traps = folder / "journal", folder / "trap"
        self._file = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        self._lock = threading.Lock()

    def note(self, moment: Moment, edge: Edge) -> None:
        """Write down that the process comes to an edge, or has passed it. Does not return from a trap."""
        with self._lock:
            end = self._write(moment, edge)
            if self._is_trapped(moment, edge, end):
                self._write("died", edge)
                os._exit(DIED)

    def _write(self, moment: str, edge: Edge) -> int:
        os.write(self._file, f"{os.getpid()}\t{moment}\t{edge.effect}\t{edge.site}\n".encode())
        return os.lseek(self._file, 0, os.SEEK_CUR)

    def _is_trapped(self, moment: Moment, edge: Edge, end: int) -> bool:
        try:
            traps = self._traps.read_text().splitlines()
        except FileNotFoundError:
            return False
        for effect, place, wanted, nth, since in map(json.loads, traps):
            if (effect, place, wanted) == (*edge, moment):
                passed = [note for note in _read(self._path, since, end) if note[1:] == (moment, edge)]
                return len(passed) == int(nth)
        return False


class Trapper:
    """Reader of a lane's journal, who sets its traps."""

    def __init__(self, folder: Path) -> None:
        """Read the journal of that folder, and set traps there."""
        self._path, self._traps = folder / "journal", folder / "trap"
        self._path.touch()

    def end(self) -> int:
        """Return where the journal ends now."""
        return self._path.stat().st_size

    def notes(self, since: int) -> list[Note]:
        """Return what was written from there on."""
        return list(_read(self._path, since, self.end()))

    def set_traps(self, traps: Sequence[Trap]) -> None:
        """Have a process die in each of them, one an edge."""
        fresh = self._traps.with_suffix(".new")
        fresh.write_text("".join(json.dumps([*one.edge, one.moment, one.nth, one.since]) + "\n" for one in traps))
        fresh.rename(self._traps)

    def clear_traps(self) -> None:
        """Have no process die any more."""
        self._traps.unlink(missing_ok=True)


def site() -> str:
    """Return the place in our code from which this is called: its function, and whose work it does.

    Awaiting coroutines are frames on the stack like any callers.
    """
    places = list(_places(sys._getframe(1)))
    work = [place for place in places if place.startswith(("actors/", "handlers/"))]
    return " < ".join(dict.fromkeys([*places[:1], *work[:1]]))


def _places(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        if place := _place(frame.f_code):
            yield place
        frame = frame.f_back


@cache
def _place(code: CodeType) -> str | None:
    path = Path(code.co_filename)
    name = path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else ""
    if not name.startswith(_LAYERS) or name in _PASSAGES:
        return None
    return f"{name} {code.co_qualname.partition('.<locals>')[0]}"


def _read(path: Path, since: int, end: int) -> Iterator[Note]:
    with path.open("rb") as journal:
        journal.seek(since)
        for line in journal.read(end - since).decode().splitlines():
            pid, moment, effect, place = line.split("\t")
            yield Note(int(pid), moment, Edge(effect, place))  # type: ignore[arg-type]  # as it was written
