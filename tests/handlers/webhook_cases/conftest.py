"""A front door that is empty before each case, and has called nobody after it."""

import socket
from collections.abc import Iterator

import pytest

from infra.local.ports import HOST
from infra.local.stack import Stack
from tests.handlers.webhook_cases.cases import assert_nobody_named, assert_nothing_failed
from tests.pressroom import Pressroom


@pytest.fixture(scope="module")
def stripes_line() -> Iterator[socket.socket]:
    """Where the web process believes Stripe to be: nobody answers, and a call would be seen."""
    with socket.create_server((HOST, 0)) as line:
        line.setblocking(False)
        yield line


@pytest.fixture(scope="module")
def open_door(stack: Stack, stripes_line: socket.socket) -> Iterator[Pressroom]:
    """The web process of a module's cases, and nothing else."""
    host, port = stripes_line.getsockname()
    with Pressroom(stack) as running:
        running.pretend_to_sweep()
        running.start("web", STRIPE_API_BASE=f"http://{host}:{port}")
        yield running


@pytest.fixture
def door(open_door: Pressroom, stripes_line: socket.socket) -> Iterator[Pressroom]:
    """An empty front door; whatever a case sends, Stripe is not called and no customer is named in a log line."""
    open_door.forget()
    yield open_door
    with pytest.raises(BlockingIOError):
        stripes_line.accept()
    assert_nobody_named(open_door)
    assert_nothing_failed(open_door)
