"""`python -m tests.model`: explores larger plans, and shows the shortest way to whatever is wrong."""

import sys
import time

from rich.console import Console

from tests.model.cases import LARGE, QUICK
from tests.model.explore import explore


def main() -> int:
    """Explore every plan."""
    console, failed = Console(), False
    for case in (*QUICK, *LARGE):
        began = time.monotonic()
        found = explore(case.model)
        ended = "all" if found.is_whole else "not all"
        console.print(f"{case.name}: {found.worlds:,} worlds, {ended}, in {time.monotonic() - began:.0f} s")
        for what, way in found.wrong.items():
            console.print("\n  ".join([what, *way]), markup=False, highlight=False)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
