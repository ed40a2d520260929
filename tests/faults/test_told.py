"""What tells of trouble is in trouble itself: an operator hears of it within a minute, of real processes."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from infra.local.stack import Stack
from tests import plain_http
from tests.faults.conftest import all_registered
from tests.hook import Hook
from tests.pressroom import Pressroom

#: A minute, and what a busy machine takes.
WITHIN_S = 90.0


class Installation(NamedTuple):
    """Processes that watch each other, and the webhook of their operator."""

    pressroom: Pressroom
    hook: Hook

    def hears(self, kind: str, subject: str) -> None:
        """Wait until the operator hears of trouble with that subject."""

        def heard() -> bool:
            return (kind, subject) in {(post["kind"], post["event"]) for post in self.hook.posts}

        self.pressroom.until(f"an alert {kind}", heard, WITHIN_S)

    def withdraws(self, kind: str) -> None:
        """Wait until no alert of that kind is there any more."""
        self.pressroom.until("withdrawal", lambda: self.pressroom.db.alerts.count_documents({"kind": kind}) == 0)

    def degraded(self) -> list[str]:
        """Return what its web process, which takes orders, names to a balancer as away."""
        ready = plain_http.get(f"{self.pressroom.stack.urls.web}/readyz", timeout=10)
        assert (ready.status_code, ready.json()["ready"]) == (200, True)
        degraded: list[str] = ready.json()["degraded"]
        return degraded


@pytest.fixture
def unmailed(stack: Stack) -> Iterator[Installation]:
    """An installation that is to lose its mail worker. Its Redis database is another than the other one's."""
    redis_url = stack.env["REDIS_URL"].removesuffix("/0") + "/1"
    with Hook() as hook, Pressroom(stack, ALERT_WEBHOOK_URL=hook.url, REDIS_URL=redis_url) as pressroom:
        start(pressroom, ("sweep",), ("worker", "bundle"))
        yield Installation(pressroom, hook)


@pytest.fixture
def unswept(stack: Stack) -> Iterator[Installation]:
    """An installation that is to lose its sweep."""
    with Hook() as hook, Pressroom(stack, ALERT_WEBHOOK_URL=hook.url) as pressroom:
        start(pressroom, ("web",), ("sweep",), ("worker", "bundle"))
        yield Installation(pressroom, hook)


def start(pressroom: Pressroom, *commands: tuple[str, ...]) -> None:
    """Start processes, and wait until the workers are known."""
    for part in [pressroom.start(*command, wait=False) for command in commands]:
        part.wait_ready()
    pressroom.until("registration", lambda: all_registered(pressroom))


def test_an_operator_hears_when_what_tells_is_down(unmailed: Installation, unswept: Installation) -> None:
    """Of mail workers that are gone, of a dead message, and of a sweep that is gone; so does a balancer."""
    unmailed.pressroom.part("worker-bundle").kill()
    unswept.pressroom.redis.hset("dramatiq:bundle.msgs", "odd", b"no message")
    unswept.pressroom.redis.rpush("dramatiq:bundle", "odd")
    unswept.hears("dead_message", "message:odd")
    unswept.pressroom.cli("dead", "discard", "message:odd", "--reason", "it was odd")
    assert unswept.pressroom.db.alerts.count_documents({"kind": "dead_message"}) == 0
    unswept.pressroom.part("sweep").kill()
    unmailed.hears("no_worker", "bundle")
    unmailed.pressroom.start("worker", "bundle")
    unmailed.withdraws("no_worker")
    unswept.hears("no_sweep", "sweep")
    unswept.pressroom.until("the sweep's name", lambda: unswept.degraded() == ["sweep"])
    unswept.pressroom.start("sweep")
    unswept.withdraws("no_sweep")
    unswept.pressroom.until("a sweep", lambda: unswept.degraded() == [])
