"""Niceness of a worker whose product is promised within the hour, of its heart, and of its children."""

from collections import Counter
from pathlib import Path

from tests.families import family
from tests.faults.test_kills_printing import fields
from tests.pressroom import Pressroom


def test_a_worker_of_a_long_product_yields_and_its_heart_does_not(pressroom: Pressroom) -> None:
    """Its threads and, more so, its children give way, but for the thread that shows that it lives."""
    pressroom.start("worker", "personal_blueprint")
    process = pressroom.part("worker-personal_blueprint").pid
    threads = Counter(nice(thread) for thread in Path(f"/proc/{process}/task").glob("*/stat"))
    children = {nice(Path(f"/proc/{child.id}/stat")) for child in family(process)}
    assert threads.keys() == {0, 11}
    assert threads[11] > 10 * threads[0]
    assert children == {11, 19}  # one of them only counts what the others share


def nice(stat: Path) -> int:
    """Return the niceness in a `stat` file of a process or thread."""
    return int(fields(stat)[16])
