"""Messages that wait for a worker that is away, or lie in the hands of a gone one. Redis is never flushed."""

import asyncio
import json
from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.sweep.workers import Watch
from actors.worker.heartbeat import ClaimsAudit
from infra.broker.broker import Broker, decoded
from storage.alerts import raise_alert
from storage.events import new_event, record_events
from storage.workers import beat, live_workers
from tests.actors.builders import KIND, ORDER, event, messages, place, session, sweep, working
from tests.builders import facts_of_worker
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

QUEUE = "bundle"
#: More than ten minutes.
ROUNDS = 45


def take_all(deps: Deps, worker: str) -> list[bytes | str]:
    """Take all messages that wait, as a worker does. Returns their ids."""
    taken = deps.broker.client.lpop(f"dramatiq:{QUEUE}", 100)
    assert isinstance(taken, list)
    deps.broker.client.sadd(f"dramatiq:__acks__.{worker}.{QUEUE}", *taken)
    return taken


async def test_a_mail_worker_that_is_away_finds_one_message_an_errand(deps: Deps, clock: StoppedClock) -> None:
    """However many rounds the sweep has gone, and however long they lasted, what is due is asked for once."""
    await place(deps, metadata={"product": "life_clarity", "name": "Ada"})
    for _ in range(ROUNDS):
        clock.forward(15)
        await sweep(deps)
    asked = [one["actor_name"] for one in messages(deps, QUEUE) if one["kwargs"].get("order") == ORDER]
    assert sorted(asked) == ["ask_details", "check_promise"]
    assert deps.broker.client.hlen(f"dramatiq:{QUEUE}.msgs") == len(messages(deps, QUEUE))


async def test_a_session_that_no_worker_fetches_is_asked_for_once(deps: Deps, clock: StoppedClock) -> None:
    """An event in another version's shape leaves one message, not one a minute."""
    odd = {**json.loads(event(ORDER)), "api_version": "2020-08-27", "data": {"object": session()}}
    await record_events(deps.db, [new_event("evt_1", KIND, json.dumps(odd).encode(), clock.now())])
    for _ in range(15):
        clock.forward(61)
        await sweep(deps)
    assert [one["actor_name"] for one in messages(deps, QUEUE)] == ["fetch_session"]


async def test_a_message_in_lost_hands_is_queued_again_after_a_minute(deps: Deps, clock: StoppedClock) -> None:
    """No sooner, since a worker may be at it; and once, however often it is sent meanwhile."""
    await place(deps, metadata={"product": "life_clarity", "name": "Ada"})
    take_all(deps, "gone")
    waiting = []
    for seconds in (30, 15, 15, 15):
        clock.forward(seconds)
        await sweep(deps)
        waiting.append(sum(one["actor_name"] == "ask_details" for one in messages(deps, QUEUE)))
    assert waiting == [0, 0, 1, 1]


async def test_a_worker_that_could_not_give_its_messages_back_is_seen_to(deps: Deps, clock: StoppedClock) -> None:
    """It stays registered, so that the sweep finds it silent, and sends anew what Redis counts as its own."""
    await raise_alert(deps.db, "k", "It broke.", clock.now(), order="cs_1")
    clock.forward(5)
    await sweep(deps)
    taken = take_all(deps, deps.broker.broker_id)
    worker, watch = working(deps), Watch(clock)
    await beat(deps.db, worker.worker, facts_of_worker(queue=QUEUE, broker_id=deps.broker.broker_id), clock.now())
    with pytest.raises(TimeoutError):  # the time that a process has for its leave
        async with asyncio.timeout(1):
            await ClaimsAudit(worker, QUEUE).leave()
    assert len(await live_workers(deps.db)) == 1
    for _ in range(4):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
    assert await live_workers(deps.db) == []
    await sweep(deps)
    assert {one["message_id"] for one in messages(deps, QUEUE)} == decoded(taken)


async def test_a_worker_whose_redis_is_away_stays_registered(deps: Deps) -> None:
    """Whether it left messages behind cannot be known then."""
    worker = replace(working(deps), broker=Broker("redis://127.0.0.1:1/0"))
    await beat(deps.db, worker.worker, facts_of_worker(queue=QUEUE), deps.clock.now())
    await ClaimsAudit(worker, QUEUE).leave()
    assert len(await live_workers(deps.db)) == 1
