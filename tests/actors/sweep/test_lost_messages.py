"""Messages that the broker has lost, or keeps for a worker that is away, and when they are sent again."""

from datetime import datetime, timedelta
from typing import cast

import pytest

from actors.deps.process import Deps
from actors.sweep.messages import resend_messages_of
from actors.sweep.workers import Watch
from storage.records.work import Worker
from tests.actors.builders import BOOK, begun, messages, placed, present, report_of, state, steps, sweep
from tests.builders import facts_of_worker
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


def due(errand: str, now: datetime) -> dict[str, datetime]:
    """Return the facts of an order about which an errand is due."""
    return {f"errands.{errand}": now, "errands_at": now}


async def test_a_lost_first_message_is_sent_again_once(deps: Deps, clock: StoppedClock) -> None:
    """A report whose message Redis lost is begun by a new one; while Redis holds it, none is sent."""
    await placed(deps)
    clock.forward(5)
    await sweep(deps)
    assert len(messages(deps)) == 1
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    await sweep(deps)
    assert [message["actor_name"] for message in messages(deps)] == ["begin_report"]


async def test_lost_messages_of_steps_are_sent_again(deps: Deps, clock: StoppedClock) -> None:
    """Every queued step whose message is gone gets one new message."""
    order = await begun(deps)
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    await sweep(deps)
    sent = {message["kwargs"]["step"] for message in messages(deps)}
    assert sent == {step["_id"] for step in await steps(deps, order, "write")}
    assert len(messages(deps)) == 4


@pytest.mark.long
async def test_what_the_broker_holds_waits_for_its_worker_for_as_long_as_it_takes(
    deps: Deps, clock: StoppedClock
) -> None:
    """A product whose workers are away for a night loses nothing; an operator hears of it once."""
    order = await begun(deps)
    for _ in range(60):
        clock.forward(601)
        await sweep(deps)
    assert {step["state"] for step in await steps(deps, order, "write")} == {"queued"}
    assert [alert["event"] async for alert in deps.db.alerts.find({"kind": "no_worker"})] == [BOOK]


async def test_steps_of_another_version_wait_for_its_worker(deps: Deps, clock: StoppedClock) -> None:
    """A plan that this code cannot carry out is not given up, however often its message is lost.

    It is told once no worker of the queue knows it: while a deploy rolls, some do.
    """
    order = await begun(deps)
    await deps.db.steps.update_many({"order": order}, {"$set": {"format": 1, "sends": 20}})
    known = facts_of_worker(queue=BOOK, formats=[1])
    await deps.db.workers.insert_one({**known, "_id": "old", "beat": 1, "beat_at": clock.now()})
    told = {"kind": "no_worker", "order": order}
    for alerts in (0, 1):
        deps.broker.client.flushdb()
        clock.forward(61)
        await sweep(deps)
        assert {step["state"] for step in await steps(deps, order, "write")} == {"queued"}
        assert await deps.db.alerts.count_documents(told) == alerts
        await deps.db.workers.delete_one({"_id": "old"})


async def test_a_report_whose_message_died_with_a_worker_is_begun_at_once(deps: Deps, clock: StoppedClock) -> None:
    """What a dead worker had taken of the broker is asked for again by the next round, steps and reports alike."""
    order = await placed(deps)
    report = await report_of(deps, order)
    await deps.db.reports.update_one({"order": order}, {"$set": {"check_at": clock.now() + timedelta(seconds=30)}})
    worker: Worker = {**facts_of_worker(broker_id="dead"), "_id": "w1", "beat": 1, "beat_at": clock.now()}
    deps.broker.client.sadd(f"dramatiq:__acks__.dead.{BOOK}", report["message"])
    deps.broker.client.lrem(f"dramatiq:{BOOK}", 0, report["message"])
    await resend_messages_of(deps, worker)
    await sweep(deps)
    assert [message["actor_name"] for message in messages(deps)] == ["begin_report"]


async def test_an_errand_whose_worker_died_is_asked_for_again_at_once(deps: Deps, clock: StoppedClock) -> None:
    """A letter in the hands of a dead mail worker waits for no later look; what was put off for days does."""
    order, worker = await placed(deps), {**facts_of_worker(queue="bundle", broker_id="dead"), "_id": "w1"}
    deps.broker.client.delete("dramatiq:bundle")
    soon, later = clock.now() + timedelta(seconds=15), clock.now() + timedelta(days=3)
    errands = {"complete_order": soon, "confirm_order": soon, "forget_order": later}
    await deps.db.orders.update_one({"_id": order}, {"$set": {"errands": errands, "errands_at": soon}})
    taken = [f"complete_order:{order}", f"forget_order:{order}", f"confirm_order:{order}:handed-on", "an-alert"]
    deps.broker.client.sadd("dramatiq:__acks__.dead.bundle", *taken)
    await resend_messages_of(deps, cast("Worker", worker))
    assert {message["actor_name"] for message in messages(deps, "bundle")} == {"complete_order", "confirm_order"}


async def test_a_step_that_nobody_ever_claims_is_given_up(deps: Deps, clock: StoppedClock) -> None:
    """After twenty sends without a claim a step is dead, and its order waits for an operator."""
    order = await begun(deps)
    first = (await steps(deps, order, "write"))[0]
    await deps.db.steps.update_one({"_id": first["_id"]}, {"$set": {"sends": 20}})
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    dead = await state(deps, first)
    waiting = await present(deps, order)
    assert dead["state"] == "dead"
    assert "no worker claimed it" in (waiting["attention"] or "")


async def test_an_overdue_letter_wakes_a_worker_again(deps: Deps, clock: StoppedClock) -> None:
    """An order whose reports are stored and whose mail is not known to be sent is taken up again."""
    order = await placed(deps)
    await deps.db.orders.update_one(
        {"_id": order},
        {"$set": {"stored_at": clock.now(), **due("complete_order", clock.now())}},
    )
    await sweep(deps)
    await sweep(deps)
    assert [message["kwargs"] for message in messages(deps, "bundle")] == [{"order": order}]


async def test_a_dead_workers_messages_are_sent_again(deps: Deps, clock: StoppedClock) -> None:
    """What a dead worker had taken and not begun goes to another at once, not only when it is overdue."""
    order = await begun(deps)
    taken = deps.broker.client.lpop(f"dramatiq:{BOOK}", 10)
    assert isinstance(taken, list)
    deps.broker.client.sadd(f"dramatiq:__acks__.gone.{BOOK}", *taken)
    worker: Worker = {**facts_of_worker(broker_id="gone"), "_id": "w1", "beat": 1, "beat_at": clock.now()}
    await deps.db.workers.insert_one(worker)
    watch = Watch(clock)
    for _ in range(4):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
    sent = {message["kwargs"]["step"] for message in messages(deps) if "step" in message["kwargs"]}
    assert sent == {step["_id"] for step in await steps(deps, order, "write")}
    assert await deps.db.workers.count_documents({}) == 0


async def test_what_a_dead_worker_had_goes_before_what_waits(deps: Deps, clock: StoppedClock) -> None:
    """Steps that it had begun, and those that it had only taken, have waited once, and wait for nobody again."""
    order = await begun(deps)
    client, hands = deps.broker.client, f"dramatiq:__acks__.gone.{BOOK}"
    client.sadd(hands, *client.lrange(f"dramatiq:{BOOK}", 0, -1))
    client.delete(f"dramatiq:{BOOK}")
    worker: Worker = {**facts_of_worker(broker_id="gone"), "_id": "w1", "beat": 1, "beat_at": clock.now()}
    await deps.db.workers.insert_one(worker)
    mine = (await steps(deps, order, "write"))[1]
    claim = {"state": "claimed", "epoch": 1, "claim": {"worker": "w1", "token": "t"}}
    await deps.db.steps.update_one({"_id": mine["_id"]}, {"$set": claim})
    other = await begun(deps)
    watch = Watch(clock)
    for _ in range(4):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
    waiting = [message["kwargs"]["order"] for message in messages(deps) if "step" in message["kwargs"]]
    assert waiting == [order] * 4 + [other] * 4


async def test_a_report_whose_message_waits_long_is_not_sent_at_every_round(
    deps: Deps, clock: StoppedClock
) -> None:
    """Past ten minutes a message is sent again once in ten minutes, and given up in the end."""
    order = await placed(deps)
    clock.forward(601)
    for _ in range(5):
        await sweep(deps)
        clock.forward(60)
    assert len(messages(deps)) == 2
    await deps.db.reports.update_one({"order": order}, {"$set": {"sends": 20}})
    clock.forward(1000)
    await sweep(deps)
    found = await present(deps, order)
    assert "no worker took it" in (found["attention"] or "")
