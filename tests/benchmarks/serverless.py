"""`make bench-serverless`: what loading the function costs beside the libraries that such a webhook must load."""

import statistics
import subprocess
import sys
from typing import Any

from tests.benchmarks.figures import publish
from tests.serverless import LAMBDA, NOWHERE

Row = dict[str, Any]

#: Fresh processes of each kind, in turns so that the machine's moods hit all alike.
RUNS = 15
#: The libraries by name, and what a webhook that queues uses of them.
BARE = "starlette, stripe, pymongo, dramatiq"
USED = "starlette.applications, stripe, pymongo, dramatiq.brokers.redis"
OURS = "handlers.serverless"

_CHILD = """
import sys, time
began, worked = time.perf_counter(), time.process_time()
import {modules}
passed, worked = time.perf_counter() - began, time.process_time() - worked
peak_kib = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(passed * 1000, worked * 1000, int(peak_kib) / 1024, len(sys.modules))
"""


def load(modules: str) -> list[float]:
    """Return what a new process needs to import those: ms by the wall and of the processor, peak MiB, modules."""
    command = [sys.executable, "-P", "-c", _CHILD.format(modules=modules)]
    done = subprocess.run(command, env={**LAMBDA, **NOWHERE}, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measure in turns, and publish medians."""
    taken: dict[str, list[list[float]]] = {modules: [] for modules in (BARE, USED, OURS)}
    for _ in range(RUNS):
        for modules, runs in taken.items():
            runs.append(load(modules))
    rows: list[Row] = []
    for modules, runs in taken.items():
        ms, cpu_ms, mib, count = (statistics.median(column) for column in zip(*runs, strict=True))
        rows.append({"import": modules, "ms": ms, "CPU ms": cpu_ms, "peak MiB": mib, "modules": int(count)})
    publish("serverless", f"Loading the function, medians of {RUNS} new processes", rows, figures(*rows))


def figures(bare: Row, used: Row, ours: Row) -> dict[str, float]:
    """Return ours and its ratios, those of time by the processor's, which a busy machine distorts less."""
    return {
        "serverless_import_ms": ours["ms"],
        "serverless_import_ratio_to_bare": ours["CPU ms"] / bare["CPU ms"],
        "serverless_import_ratio_to_used": ours["CPU ms"] / used["CPU ms"],
        "serverless_memory_mib": ours["peak MiB"],
        "serverless_memory_ratio_to_bare": ours["peak MiB"] / bare["peak MiB"],
        "serverless_memory_ratio_to_used": ours["peak MiB"] / used["peak MiB"],
    }


if __name__ == "__main__":
    main()
