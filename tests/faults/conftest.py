"""Pressroom for a test to break, mended and empty for the next one; and a mail worker within the test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.stripe.client import Stripe
from tests.actors.builders import working
from tests.actors.conftest import deps as deps
from tests.actors.conftest import objects as objects
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


@pytest.fixture
async def worker(stack: Stack, deps: Deps) -> AsyncIterator[WorkDeps]:
    """Put a mail worker on a real mail server and a real till, where Stripe tells nobody of anything."""
    stack.stripe.hold_deliveries()
    yield working(deps, transport_for(deps.settings), Stripe(deps.settings))
    stack.stripe.resume_deliveries()
