"""A machine that others keep busy: the age of a yielding worker's heartbeat, which is taken for dead at 6 s."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tests.benchmarks.measured import Measured, say
from tests.benchmarks.plans.shop import Shop, opened

_LONGER = "personal_blueprint"
_ORDERS, _HOGS = 8, 4
_WATCHED_S, _LOOK_EVERY_S = 60.0, 0.2


def measure() -> Measured:
    """Let a worker write beside processes of the usual niceness that never rest, and look at its heartbeats."""
    with opened("starved", _LONGER, latency_s=0.02) as shop:
        shop.deliver([shop.purchase(_LONGER) for _ in range(_ORDERS)])
        say(f"starved: {_WATCHED_S:g} s beside {_HOGS} busy processes")
        with _hogs():
            oldest_s = _oldest_beat_s(shop)
        taken = shop.db.steps.count_documents({"kills": {"$gt": 0}})
        done = shop.db.steps.count_documents({"state": "done"})
    rows = [{"oldest beat s": oldest_s, "steps taken from the worker": taken, "steps done": done}]
    title = f"A worker of {_LONGER} with {_ORDERS} orders, beside {_HOGS} processes that never rest"
    return Measured(title, rows, {"starved_oldest_beat_s": oldest_s})


@contextmanager
def _hogs() -> Iterator[None]:
    command = [sys.executable, "-c", "while True: pass"]
    hogs = [subprocess.Popen(command, start_new_session=True) for _ in range(_HOGS)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def _oldest_beat_s(shop: Shop) -> float:
    oldest_s, beaten_at, end = 0.0, datetime.now(UTC), time.monotonic() + _WATCHED_S
    while time.monotonic() < end:
        worker = shop.db.workers.find_one({"queue": _LONGER})
        if worker is not None:  # or it was taken for dead, and has not beaten since
            beaten_at = worker["beat_at"]
        oldest_s = max(oldest_s, (datetime.now(UTC) - beaten_at).total_seconds())
        time.sleep(_LOOK_EVERY_S)
    return oldest_s
