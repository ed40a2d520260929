"""A running Pressroom: its real processes on the local stack, and the ways in from outside."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests.pressroom import ColdPressroom, Pressroom
from tests.warm import begin


@pytest.fixture(scope="package")
def processes(stack: Stack) -> Iterator[Pressroom]:
    """The processes that all journeys share, on one database: they start cold, those that tests add do not."""
    with ColdPressroom(stack) as running:
        running.start_missing()
        running.begin = begin
        yield running


@pytest.fixture
def pressroom(processes: Pressroom) -> Iterator[Pressroom]:
    """Web, sweep and a worker a queue, and a model that writes whole sections."""
    processes.start_missing()
    processes.stack.llm.set_brevity(brief=False)
    yield processes
    processes.stack.llm.set_brevity(brief=True)
    # The processes are shared, and so would a pause be that a failed test has left.
    processes.db.work_pauses.delete_many({})
