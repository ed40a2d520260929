"""`make bench-plans`: every measurement in one run. `python -m tests.benchmarks.plans long …` runs those named."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from infra.local.errors import PartError
from tests.benchmarks.figures import publish
from tests.benchmarks.plans import burst, fast, idle, limit, long, operations, tenants
from tests.benchmarks.plans.measured import Measured, Row, say

MEASUREMENTS: dict[str, Callable[[], Measured]] = {
    "long": long.measure,
    "limit": limit.measure,
    "fast": fast.measure,
    "tenants": tenants.measure,
    "idle": idle.measure,
    "operations": operations.measure,
    "burst": burst.measure,
}


def main(names: Sequence[str]) -> int:
    """Measure, and publish each as it comes and all together; 1 if something broke, whatever the figures are."""
    if unknown := set(names) - set(MEASUREMENTS):
        say(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
        return 2
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for name in names or MEASUREMENTS:
        row, found = _run(name)
        rows.append(row)
        figures |= found
    if not names:
        publish("plans", "Plans: every measurement in one run", rows, figures)
    return int(any(row["broken"] for row in rows))


def _run(name: str) -> tuple[Row, dict[str, float]]:
    """Measure one thing; the others go on if it breaks, and their figures are kept."""
    began, broken, figures = time.monotonic(), "", dict[str, float]()
    try:
        measured = MEASUREMENTS[name]()
    except (AssertionError, PartError, TimeoutError, subprocess.TimeoutExpired) as error:
        broken = str(error) or type(error).__name__
        say(f"{name} is broken: {broken}")
    else:
        figures = measured.figures
        publish(f"plans-{name}", measured.title, measured.rows, figures)
    took = time.monotonic() - began
    return {"measurement": name, "took s": took, "load": os.getloadavg()[0], "broken": broken}, figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
