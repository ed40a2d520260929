"""A worker is killed while its children work: none of the processes that it started outlives it."""

from pathlib import Path

from tests.faults.test_kills_printing import LONG, children, fields, used
from tests.pressroom import Pressroom


def test_no_child_outlives_a_worker_that_sets_eight_chapters(pressroom: Pressroom) -> None:
    """After kill -9 its server of children and the children in the middle of chapters are gone, too."""
    pressroom.stack.llm.add_fault(kind="text", text=LONG)
    idle = children(pressroom)
    orders = [pressroom.buy() for _ in range(2)]
    pressroom.until("setting", lambda: any(used(stat) > before for stat, before in idle.items()))
    family = descendants(pressroom.part("worker-life_clarity").pid)
    assert len(family) >= 3
    pressroom.part("worker-life_clarity").kill()
    pressroom.until("their end", lambda: not [one for one in family if one.exists() and not ended(one)])
    pressroom.stack.llm.clear_faults()
    pressroom.start("worker", "life_clarity")
    for order in orders:
        pressroom.until_delivered(order)


def descendants(process: int) -> set[Path]:
    """Return the `stat` files of all processes that a process has started, and that those have."""
    parents = {stat: int(fields(stat)[1]) for stat in Path("/proc").glob("[0-9]*/stat")}
    found, more = set[Path](), {process}
    while more:
        below = {stat for stat, parent in parents.items() if parent in more}
        found, more = found | below, {int(stat.parent.name) for stat in below - found}
    return found


def ended(stat: Path) -> bool:
    """Return whether a process is a zombie, which nobody has buried yet."""
    return fields(stat)[0] in {"Z", "X"}
