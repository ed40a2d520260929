"""`make simulate`: many seeds on all processors, and the shortest trace of each that fails."""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track

from infra.local.stack import Stack
from tests.benchmarks.figures import publish
from tests.simulation.many import SHARE, Seen, prepare, replaced_seeds, run_share

#: As many failures are shown.
_MOST_SHOWN = 10
_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder below it is made, with a name of its own


@contextmanager
def _url() -> Iterator[str]:
    """Start a mongod whose files are in memory, if the machine has a folder there."""
    memory = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, Stack(Path(folder)) as stack:
        yield stack.env["MONGODB_URL"]


def main() -> int:
    """Run the seeds, and say what they came to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=2000)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--processes", type=int, default=os.cpu_count())
    wanted = asked.parse_args()
    firsts = range(wanted.first, wanted.first + wanted.seeds, SHARE)
    console, failed, stories = Console(), list[Seen](), defaultdict[str, Counter[str]](Counter)
    with _url() as url, multiprocessing.get_context("spawn").Pool(wanted.processes, prepare, (url,)) as pool:
        began = time.monotonic()
        for part in track(pool.imap_unordered(run_share, firsts), "simulating", len(firsts), console=console):
            for seen in part:
                stories[seen.befalls].update(
                    seeds=1, turns=seen.turns, faults=seen.faults, failed=int(bool(seen.words))
                )
                if seen.words and len(failed) < _MOST_SHOWN:
                    # At once: many seeds take hours.
                    console.print("\n".join(seen.words), markup=False, highlight=False, soft_wrap=True)
                failed += [seen] if seen.words else []
        seconds = time.monotonic() - began
        replaced = pool.apply(replaced_seeds)
    for bug, seed in replaced.items():
        console.print(f"The planted bug {bug} is found by the seed {seed} now.")
    count = len(firsts) * SHARE
    figures = {"simulated_seeds": count, "violations": len(failed), "seeds_per_second": count / seconds}
    rows = [{"befalls": befalls, **counts} for befalls, counts in sorted(stories.items())]
    publish("simulate", "Simulated orders, by what befell them", rows, figures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
