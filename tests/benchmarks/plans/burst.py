"""Many orders at once before one worker: when the last of them begins, and what all of them take."""

import json
import pickle
import subprocess
import tempfile
import time
from pathlib import Path

from tests.benchmarks.figures import percentile
from tests.benchmarks.measured import Measured, Row, say
from tests.benchmarks.plans.books import books_of
from tests.benchmarks.plans.rendering import Books
from tests.benchmarks.plans.shop import FAST, module, opened
from tests.benchmarks.plans.waits import waits_of
from tests.benchmarks.processor import Meter

_CALL_S = 0.02
_ORDERS = 150
#: One book of so many is rendered alone, and the time taken so many times.
_SAMPLE = 5


def measure() -> Measured:
    """See the burst through, then render the same texts with nothing else to do."""
    with opened("burst", FAST, latency_s=_CALL_S) as shop:
        shop.warm_up()
        parts = [*shop.parts, shop.stack.part("mongodb"), shop.stack.part("llm"), shop.stack.part("redis")]
        with Meter({part.name: part.pid for part in parts}) as meter:
            purchases = shop.evenly(_ORDERS, 0)
            began = time.time()
            sent = shop.deliver(purchases)
            say(f"burst: {_ORDERS} orders taken in {time.time() - began:.2f} s")
            shop.until_all_delivered(list(sent), 200, look_every_s=1)
        waits = waits_of(shop, sent)
        books = books_of(shop, list(sent)[::_SAMPLE])
    first, whole = percentile(waits.first_call, 0.95), max(waits.delivery)
    used, in_all = meter.used(began, began + first), meter.used(began, began + whole)
    chapters_s, books_s = (_SAMPLE * seconds for seconds in _rendered(books))
    title = (
        f"{_ORDERS} orders of {FAST} at once before one worker, calls of {_CALL_S:g} s; rendering alone from one "
        f"book of {_SAMPLE}"
    )
    figures = {
        "burst_p95_first_call_s": first,
        "burst_database_share": used["mongodb"] / first,
        "burst_to_rendering": whole / chapters_s,
        "burst_to_rendering_and_binding": whole / (chapters_s + books_s),
    }
    rows: list[Row] = [
        {"what": "first call, p95", "s": first},
        *({"what": f"until then: CPU of {name}", "s": seconds} for name, seconds in used.items()),
        {"what": "all delivered", "s": whole},
        *({"what": f"in all: CPU of {name}", "s": seconds} for name, seconds in in_all.items()),
        {"what": "rendering the chapters alone", "s": chapters_s},
        {"what": "binding the books alone", "s": books_s},
    ]
    return Measured(title, rows, figures)


def _rendered(books: Books) -> tuple[float, float]:
    say(f"burst: rendering {len(books)} of its books alone")
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
        file = Path(folder) / "books"
        file.write_bytes(pickle.dumps(books))
        command = [*module("rendering"), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, f"rendering alone failed: {done.stderr[-2000:]}"
    chapters_s, books_s = json.loads(done.stdout)
    return chapters_s, books_s
