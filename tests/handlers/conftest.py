"""A web process alone: what it takes stays where a test can see it."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests.pressroom import Pressroom


@pytest.fixture(scope="module")
def front_door(stack: Stack) -> Iterator[Pressroom]:
    """A web process and nothing else."""
    with Pressroom(stack) as running:
        running.pretend_to_sweep()
        running.start("web")
        yield running
