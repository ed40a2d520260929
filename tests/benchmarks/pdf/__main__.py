"""`make bench-pdf`: every measurement in one run. `python -m tests.benchmarks.pdf growth …` runs those named."""

import sys

from tests.benchmarks.measurements import Measurements, run_measurements
from tests.benchmarks.pdf import after, beside, fill, growth

MEASUREMENTS: Measurements = {
    "beside": beside.measure,
    "growth": growth.measure,
    "after": after.measure,
    "fill": fill.measure,
}

if __name__ == "__main__":
    sys.exit(run_measurements("pdf", "PDF: every measurement in one run", MEASUREMENTS, sys.argv[1:]))
