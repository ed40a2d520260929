"""Cases 80 and 81: what is answered while a server is away, and what comes of it."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from infra.local.stack import Stack
from tests.handlers.webhook_cases.cases import (
    NOTHING,
    PLACED,
    Event,
    assert_nobody_named,
    deliver,
    documents,
    left,
    one,
)
from tests.pressroom import Pressroom

DEADLINE_S = 3.0


@pytest.fixture(scope="module")
def processes(stack: Stack) -> Iterator[Pressroom]:
    """A front door, and the sweep that sends what the door could not."""
    with Pressroom(stack) as running:
        running.start("web", wait=False)
        running.start("sweep")
        running.part("web").wait_ready()
        yield running


@pytest.fixture
def door(processes: Pressroom) -> Iterator[Pressroom]:
    """The front door on an empty database; no customer is named in a log line, whatever fails."""
    processes.forget()
    yield processes
    assert_nobody_named(processes)


@contextmanager
def away(door: Pressroom, name: str, how: str) -> Iterator[None]:
    """Do without a server: it is gone, or it hangs."""
    part = door.stack.part(name)
    if how == "gone":
        part.kill()
    else:
        os.kill(part.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if how == "gone":
            part.start()
        else:
            os.kill(part.pid, signal.SIGCONT)


def deliver_in_time(door: Pressroom, event: Event) -> int:
    """Deliver an event, and return the status, which must come soon enough."""
    began = time.monotonic()
    status = deliver(door, event).status
    assert time.monotonic() - began < DEADLINE_S
    return status


def test_case_80_mongodb_is_gone(door: Pressroom) -> None:
    """Without MongoDB the answer is 503 in time and nothing is left; delivered again, the event is placed."""
    event = door.event()
    with away(door, "mongodb", "gone"):
        assert deliver_in_time(door, event) == 503
    assert left(door) == NOTHING
    door.until("retry", lambda: deliver(door, event).status == 200)
    assert left(door) == PLACED
    assert one(door, "events")["state"] == "applied"


def test_case_80_mongodb_hangs(door: Pressroom) -> None:
    """While MongoDB takes requests and answers none, all who come hear 503 in time; the retry places once.

    Sixteen tracebacks at the same moment would keep /livez waiting, and say nothing.
    """
    event = door.event()
    with away(door, "mongodb", "hanging"), ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda _: deliver_in_time(door, event), range(16))) == [503] * 16
    logged = door.part("web").output()
    assert logged.count("webhook_put_off") >= 16
    assert "Traceback" not in logged
    assert '"exception"' not in logged
    door.until("retry", lambda: deliver(door, event).status == 200)
    assert left(door) == PLACED
    assert one(door, "events")["state"] == "applied"


def test_case_81_redis_is_gone_or_hangs(door: Pressroom) -> None:
    """Without Redis the answer is 200 in time; once Redis is back, the sweep queues by itself."""
    for count, how in enumerate(("gone", "hanging"), 1):
        with away(door, "redis", how):
            assert deliver_in_time(door, door.event()) == 200
            assert documents(door) == {"events": count, "orders": count, "reports": count}
            assert door.db.events.count_documents({"state": "applied"}) == count

    def are_queued() -> bool:
        # One more may be there: who sent it to a Redis that hung has long given it up.
        wanted = {report["message"].encode() for report in door.db.reports.find()}
        return len(wanted) == 2 and wanted <= set(door.redis.hkeys("dramatiq:life_clarity.msgs"))

    door.until("both reports' messages", are_queued, patience_s=30)
