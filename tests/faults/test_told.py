"""What tells of trouble is in trouble itself: an operator hears of it within a minute, of real processes."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests.faults.conftest import all_registered
from tests.hook import Hook
from tests.pressroom import Pressroom

#: A minute, and what a busy machine takes.
WITHIN_S = 90.0


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Serve an operators' webhook."""
    with Hook() as running:
        yield running


def hears(pressroom: Pressroom, hook: Hook, kind: str, subject: str) -> None:
    """Wait until an operator hears of trouble with that subject, and forget it."""

    def heard() -> bool:
        return (kind, subject) in {(post["kind"], post["event"]) for post in hook.posts}

    pressroom.until(f"an alert {kind}", heard, WITHIN_S)
    hook.posts.clear()


def test_an_operator_hears_when_what_tells_is_down(stack: Stack, hook: Hook) -> None:
    """Of a dead message, of mail workers that are gone, and of a sweep that is gone."""
    with Pressroom(stack, ALERT_WEBHOOK_URL=hook.url) as pressroom:
        pressroom.start_missing()
        pressroom.until("registration", lambda: all_registered(pressroom))
        pressroom.redis.hset("dramatiq:bundle.msgs", "odd", b"no message")
        pressroom.redis.rpush("dramatiq:bundle", "odd")
        hears(pressroom, hook, "dead_message", "message:odd")
        pressroom.cli("dead", "discard", "message:odd", "--reason", "it was odd")
        assert pressroom.db.alerts.count_documents({"kind": "dead_message"}) == 0
        pressroom.part("worker-bundle").kill()
        hears(pressroom, hook, "no_worker", "bundle")
        pressroom.start_missing()
        pressroom.until("withdrawal", lambda: pressroom.db.alerts.count_documents({"kind": "no_worker"}) == 0)
        pressroom.part("sweep").kill()
        hears(pressroom, hook, "no_sweep", "sweep")
