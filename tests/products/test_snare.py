"""A worker whose event loop hangs: its heart beats on, but it ends, and others do its work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.part import Part
from infra.local.stack import Stack
from tests.pressroom import ANSWERS, WITH_TEST_PRODUCTS, Pressroom

#: What a worker has to end in once it was told to, beside its grace.
_ENDS_IN_S = 5.0


@pytest.fixture(scope="module")
def processes(stack: Stack) -> Iterator[Pressroom]:
    """The processes that are not to hang."""
    with Pressroom(stack, WITH_TEST_PRODUCTS) as running:
        started = [running.start(*args, wait=False) for args in (("web",), ("sweep",), ("worker", "bundle"))]
        for part in started:
            part.wait_ready()
        yield running
        running.forget()


@pytest.fixture
def snared(processes: Pressroom, tmp_path: Path) -> tuple[str, Part, Part]:
    """An order, the worker that hangs in it, and the other one of its queue, which is idle."""
    workers = [processes.start("worker", "snare", wait=False) for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    trap = tmp_path / "trap"
    trap.touch()
    metadata = {"product": "snare", **ANSWERS, "question": str(trap)}
    order = processes.buy(metadata=metadata, amount_subtotal=900)
    processes.until("the trap", lambda: not trap.exists())
    pids = {one["_id"]: one["pid"] for one in processes.db.workers.find()}
    pid = pids[trapped_step(processes, order)["claim"]["worker"]]
    hangs, idle = sorted(workers, key=lambda worker: worker.pid != pid)
    return order, hangs, idle


def trapped_step(pressroom: Pressroom, order: str) -> dict[str, Any]:
    """Return the step whose chart hangs."""
    (step,) = pressroom.db.steps.find({"order": order, "key": "render-trap"})
    return step


@pytest.mark.long
def test_a_worker_that_hangs_and_is_told_to_end_ends_in_time(
    processes: Pressroom, snared: tuple[str, Part, Part]
) -> None:
    """It cannot leave in order, and does not wait for that: another one has its work within seconds."""
    order, hangs, idle = snared
    hangs.terminate(within_s=float(processes.env["GRACE_S"]) + _ENDS_IN_S)
    assert hangs.exit_code == 1
    processes.until_delivered(order)
    assert trapped_step(processes, order)["kills"] == 0
    assert len(processes.stack.llm.requests(order=order)) == 1
    idle.terminate()


@pytest.mark.long
def test_a_worker_that_hangs_ends_by_itself(processes: Pressroom, snared: tuple[str, Part, Part]) -> None:
    """After a minute in which its loop has not turned it says where it stands, and another one has its work."""
    order, hangs, idle = snared
    processes.until_delivered(order)
    assert hangs.exit_code == 1
    log = hangs.output()
    assert "worker_hangs" in log
    assert "snare/product.py" in log
    assert processes.order(order)["state"] == "delivered"
    assert trapped_step(processes, order)["kills"] == 1
    assert len(processes.stack.llm.requests(order=order)) == 1
    idle.terminate()
