"""A benchmark of several measurements: all in one run, or those that are named."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from infra.local.errors import PartError
from tests.benchmarks.figures import publish
from tests.benchmarks.measured import Measured, Row, say

Measurements = Mapping[str, Callable[[], Measured]]


def run_measurements(benchmark: str, title: str, measurements: Measurements, names: Sequence[str]) -> int:
    """Measure, and publish each as it comes and all together; 1 if something broke, whatever the figures are."""
    if unknown := set(names) - set(measurements):
        say(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(measurements)}")
        return 2
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for name in names or measurements:
        row, found = _run(benchmark, name, measurements[name])
        rows.append(row)
        figures |= found
    if not names:
        publish(benchmark, title, rows, figures)
    return int(any(row["broken"] for row in rows))


def _run(benchmark: str, name: str, measure: Callable[[], Measured]) -> tuple[Row, dict[str, float]]:
    """Measure one thing; the others go on if it breaks, and their figures are kept."""
    began, broken, figures = time.monotonic(), "", dict[str, float]()
    try:
        measured = measure()
    except (AssertionError, PartError, TimeoutError, subprocess.TimeoutExpired) as error:
        broken = str(error) or type(error).__name__
        say(f"{name} is broken: {broken}")
    else:
        figures = measured.figures
        publish(f"{benchmark}-{name}", measured.title, measured.rows, figures)
    took = time.monotonic() - began
    return {"measurement": name, "took s": took, "load": os.getloadavg()[0], "broken": broken}, figures
