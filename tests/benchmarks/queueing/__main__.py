"""`make bench-queueing`: the measured loads simulated, and if that comes near, sizes that were not measured.

It needs the figures of `make bench-mix` and `make bench-scaling`, and compares itself with the burst of
`make bench-plans` as well, if that is there.
"""

import sys

from tests.benchmarks.figures import publish
from tests.benchmarks.measured import say
from tests.benchmarks.queueing.measured import FIRST_CALL, reproduced
from tests.benchmarks.queueing.projected import large_costs, short_of_calls, workers_needed

#: A simulation whose letters are further off than this at their worst is asked about nothing else.
_TRUSTED = 0.7, 1.4
#: A million a day is too much to simulate: this part of the orders is, before this part of the workers. A larger
#: pool would wait less, so that there are rather too many workers than too few.
_PART = 10


def main() -> int:
    """Publish what is reproduced, then the workers needed and the waits where calls are short."""
    rows = reproduced()
    ratios = [row["ratio"] for row in rows if row["what"] != FIRST_CALL]
    publish("queueing-reproduced", "Measured and simulated, two processors", rows, {"queueing_worst": min(ratios)})
    if not all(_TRUSTED[0] <= ratio <= _TRUSTED[1] for ratio in ratios):
        say("the simulation is too far from what was measured to be asked about anything else")
        return 1
    costs = large_costs()
    for orders_a_day, part, threads in ((10_000, 1, 32), (10_000, 1, 128), (1_000_000, _PART, 128)):
        say(f"queueing: the busiest hour of {orders_a_day:,} orders a day, {threads} threads a worker")
        needs = workers_needed(orders_a_day / part, costs, threads)
        for row in needs:
            for column in ("workers that keep it", "workers that hardly wait"):
                row[column] *= part
        title = f"Workers for the busiest hour of {orders_a_day:,} orders a day"
        publish(f"queueing-{orders_a_day}-{threads}", title, needs, {})
    say("queueing: the provider's limit is short")
    shares = short_of_calls(10_000, costs, (1.5, 1.1, 1.0, 0.9))
    publish("queueing-limit", "The busiest hour of 10,000 orders a day, two workers a product", shares, {})
    return 0


if __name__ == "__main__":
    sys.exit(main())
