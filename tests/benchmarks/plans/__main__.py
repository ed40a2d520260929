"""`make bench-plans`: every measurement in one run. `python -m tests.benchmarks.plans long …` runs those named."""

import sys

from tests.benchmarks.measurements import Measurements, run_measurements
from tests.benchmarks.plans import burst, fast, idle, limit, long, operations, starved, tenants

MEASUREMENTS: Measurements = {
    "long": long.measure,
    "limit": limit.measure,
    "fast": fast.measure,
    "tenants": tenants.measure,
    "idle": idle.measure,
    "operations": operations.measure,
    "burst": burst.measure,
    "starved": starved.measure,
}

if __name__ == "__main__":
    sys.exit(run_measurements("plans", "Plans: every measurement in one run", MEASUREMENTS, sys.argv[1:]))
