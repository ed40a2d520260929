"""A running Pressroom: its real processes on the local stack, and the ways in from outside."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests.pressroom import Pressroom


@pytest.fixture(scope="module")
def pressroom(stack: Stack) -> Iterator[Pressroom]:
    """Web, sweep and a worker a queue, on an empty database; gone after the test."""
    with Pressroom(stack) as running:
        running.start_missing()
        yield running
