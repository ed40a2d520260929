"""The memory of a tree of processes, from /proc (so: on Linux)."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_LOOK_EVERY_S = 0.1


class Tree:
    """Looks ten times a second at what the processes of a session have in memory together, its leader or not.

    Counted is each one's proportional share (PSS): a page that children share with their parent counts once.
    """

    def __init__(self, session: int, *, with_leader: bool) -> None:
        """Begin with the `with` block."""
        self._session, self._with_leader = session, with_leader
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self.peak_mb = max(self.peak_mb, sum(map(_pss_kb, self._members())) / 1024)

    def _members(self) -> list[int]:
        """The session's processes; one that ends meanwhile is none."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                session = int(stat.read_text().rpartition(")")[2].split()[3])
            except OSError:
                continue
            process = int(stat.parent.name)
            if session == self._session and (self._with_leader or process != session):
                found.append(process)
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(10)


def _pss_kb(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
