"""The memory of a tree of processes, from /proc (so: on Linux)."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.processor import tree

_LOOK_EVERY_S = 0.1


class Tree:
    """Looks ten times a second at what a process and all below it have in memory together, or all below it only.

    Counted is each one's proportional share (PSS): a page that children share with their parent counts once.
    """

    def __init__(self, root: int, *, with_root: bool) -> None:
        """Begin with the `with` block."""
        self._root, self._first = root, 0 if with_root else 1
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self.peak_mb = max(self.peak_mb, sum(map(_pss_kb, tree(self._root)[self._first :])) / 1024)

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
