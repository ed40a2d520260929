"""A worker is killed while its children work: none of the processes that it started outlives it."""

from tests.families import alive, family
from tests.faults.test_kills_printing import LONG, children, used
from tests.pressroom import Pressroom


def test_no_child_outlives_a_worker_that_sets_eight_chapters(pressroom: Pressroom) -> None:
    """After kill -9 its server of children and the children in the middle of chapters are gone, too."""
    pressroom.stack.llm.add_fault(kind="text", text=LONG)
    idle = children(pressroom)
    orders = [pressroom.buy() for _ in range(2)]
    pressroom.until("setting", lambda: any(used(stat) > before for stat, before in idle.items()))
    started = family(pressroom.part("worker-life_clarity").pid)
    assert len(started) >= 3
    pressroom.part("worker-life_clarity").kill()
    pressroom.until("their end", lambda: not alive(started))
    pressroom.stack.llm.clear_faults()
    pressroom.start("worker", "life_clarity")
    for order in orders:
        pressroom.until_delivered(order)
