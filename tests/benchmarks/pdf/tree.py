"""The memory of a tree of processes, from /proc (so: on Linux)."""

from pathlib import Path

from tests.benchmarks.looking import Looking
from tests.benchmarks.processor import tree


class Tree(Looking):
    """What a process and all below it have in memory together, or all below it only, at the highest.

    Counted is each one's proportional share (PSS): a page that children share with their parent counts once.
    """

    def __init__(self, root: int, *, with_root: bool) -> None:
        """Begin with the `with` block."""
        super().__init__(self._note)
        self._root, self._first = root, 0 if with_root else 1
        self.peak_mb = 0.0

    def _note(self) -> None:
        self.peak_mb = max(self.peak_mb, sum(map(_pss_kb, tree(self._root)[self._first :])) / 1024)


def _pss_kb(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
