"""A running Pressroom that a test may break; the next test finds it mended and empty."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests.pressroom import Pressroom


@pytest.fixture(scope="module")
def processes(stack: Stack) -> Iterator[Pressroom]:
    """The processes that the tests of a module share."""
    with Pressroom(stack) as running:
        yield running
        running.forget()


@pytest.fixture
def pressroom(processes: Pressroom) -> Pressroom:
    """Web, sweep and a worker a queue, none of them busy, on an empty database."""
    processes.forget()
    processes.start_missing()
    processes.until("registration", lambda: all_registered(processes))
    return processes


def all_registered(pressroom: Pressroom) -> bool:
    """Whether MongoDB knows every running worker, also after a kill that cost it the latest beats."""
    running = {part.pid for part in pressroom.parts if part.running and part.name.startswith("worker")}
    return running <= {worker["pid"] for worker in pressroom.db.workers.find()}
