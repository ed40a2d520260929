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
    return processes
