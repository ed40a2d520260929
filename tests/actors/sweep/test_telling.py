"""Alerts are told by the sweep where no mail worker tells them; that no sweep turns is told without it."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from actors.alerts.sweep_watch import SweepWatch
from actors.alerts.tell_alert import tell_alert
from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.sweep.orders import send_alerts
from handlers.web.health import Checkup
from handlers.web.sweep_watch import sweep_watch
from infra.broker.broker import Broker
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.settings import read_settings
from storage.alerts import alert_id, raise_alert
from storage.workers import note_sweep
from tests.actors.builders import messages, working
from tests.conftest import StoppedClock
from tests.hook import Hook

pytestmark = pytest.mark.anyio


@pytest.fixture
def sweeping(stack: Stack, deps: Deps, hook: Hook) -> Deps:
    """Build a sweep with an operator of its own."""
    operator = f"{uuid.uuid4().hex}@operator.example"
    settings = read_settings({**stack.env, "ALERT_MAIL": operator, "ALERT_WEBHOOK_URL": hook.url})
    return replace(deps, settings=settings)


@pytest.fixture
def worker(sweeping: Deps) -> WorkDeps:
    """Build a mail worker."""
    return working(sweeping, transport_for(sweeping.settings))


def told(stack: Stack, deps: Deps, hook: Hook) -> tuple[int, int]:
    """Return the numbers of posts and of mails to the operator."""
    return len(hook.posts), len(stack.inbox.letters(to=deps.settings.alert_mail))


async def test_an_alert_that_no_worker_takes_is_told_by_the_sweep(
    stack: Stack, sweeping: Deps, worker: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """Half a minute after its time, by each way, and once: the message that waits does nothing any more."""
    await raise_alert(sweeping.db, "k", "It broke.", clock.now(), order="cs_1")
    for seconds, expected in ((4, 0), (28, 0), (2, 1), (2, 1), (600, 1)):
        clock.forward(seconds)
        await send_alerts(sweeping)
        assert told(stack, sweeping, hook) == (expected, expected)
    (message,) = messages(sweeping, "bundle")
    await tell_alert(worker, message["kwargs"]["alert"])
    assert told(stack, sweeping, hook) == (1, 1)


async def test_an_alert_that_a_worker_tells_is_not_told_by_the_sweep(
    stack: Stack, sweeping: Deps, worker: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """Not while the worker is at it, nor while it waits for a server that is away."""
    hook.answers["cs_1"] = 503
    await raise_alert(sweeping.db, "k", "It broke.", clock.now(), order="cs_1")
    clock.forward(4)
    for _ in range(3):
        await send_alerts(sweeping)
        await tell_alert(worker, alert_id("k", order="cs_1"))
        clock.forward(30)
    assert told(stack, sweeping, hook) == (3, 1)


async def test_an_alert_is_told_at_once_where_redis_is_away(
    stack: Stack, sweeping: Deps, clock: StoppedClock, hook: Hook
) -> None:
    """No worker can hear of it then."""
    away = replace(sweeping, broker=Broker("redis://127.0.0.1:1/0"))
    await raise_alert(sweeping.db, "k", "It broke.", clock.now(), order="cs_1")
    clock.forward(4)
    await send_alerts(away)
    assert told(stack, sweeping, hook) == (1, 1)


async def test_each_time_that_no_sweep_turns_is_told_by_a_mail_worker(
    stack: Stack, worker: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """Without the sweep, and not before one had the time to start. When one has turned, the next time is told."""
    watch = SweepWatch(worker, 30.0, partial(tell_alert, worker))
    await watch.look()
    clock.forward(20)
    await watch.look()
    for times in (1, 2):
        for _ in range(6):
            clock.forward(5)
            await watch.look()
        assert told(stack, worker, hook) == (times, times)
        await note_sweep(worker.db)
        await watch.look()
        assert await worker.db.alerts.count_documents({}) == 0
        await worker.db.sweeps.update_one({}, {"$set": {"turned_at": datetime(2026, 1, 1, tzinfo=UTC)}})


async def test_a_web_process_tells_the_hook_where_no_sweep_and_no_mail_worker_is(
    stack: Stack, sweeping: Deps, worker: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """Once, whichever of several does; a mail worker that comes back sends the mail, and does not post again."""
    watches = [sweep_watch(sweeping) for _ in range(2)]
    for seconds in (59, 1, 5, 5, 60, 60):
        clock.forward(seconds)
        for watch in watches:
            await watch.look()
    assert told(stack, sweeping, hook) == (1, 0)
    assert hook.posts[0]["kind"] == "no_sweep"
    await tell_alert(worker, alert_id("no_sweep", event="sweep"))
    assert told(stack, sweeping, hook) == (1, 1)


async def test_a_balancer_hears_that_no_sweep_turns(deps: Deps, clock: StoppedClock) -> None:
    """Half a minute after its last turn, by MongoDB's clock, until it turns; one that starts has as long."""
    checkup = Checkup(deps)

    async def is_named(seconds_later: float) -> bool:
        clock.forward(seconds_later)
        return "sweep" in await checkup.servers_down()

    assert [await is_named(30), await is_named(3)] == [False, True]
    await note_sweep(deps.db)
    for ago_ms, expected in ((0, False), (25_000, False), (10_000, True)):
        earlier = {"$subtract": ["$turned_at", ago_ms]}
        await deps.db.sweeps.update_one({}, [{"$set": {"turned_at": earlier}}])
        assert await is_named(3) == expected
    await note_sweep(deps.db)
    assert not await is_named(3)
