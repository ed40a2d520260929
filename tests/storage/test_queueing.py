"""Transitions T8 and T9 of the protocol on a step, each against its filter, over the wire."""

import asyncio
from datetime import timedelta

import pytest

from storage.database import Database
from storage.queueing import make_due, message_id, queue_batches, requeue_step, steps_of_messages
from storage.steps import insert_steps
from tests.conftest import StoppedClock
from tests.storage.builders import many_queued, present, queued, step

pytestmark = pytest.mark.anyio


async def test_one_of_many_queues_a_ready_step(db: Database, clock: StoppedClock) -> None:
    """However many pumps saw a step ready, it is queued once, and whoever comes too late changes nothing."""
    await insert_steps(db, [step("a", clock)])
    seen = await present(db)
    await asyncio.gather(*(queue_batches(db, [[seen]], clock.now()) for _ in range(16)))
    now = await present(db)
    assert (now["state"], now["sends"]) == ("queued", 1)
    await queue_batches(db, [[seen]], clock.now())
    assert await present(db) == now


async def test_messages_name_the_steps_that_wait_for_them(db: Database, clock: StoppedClock) -> None:
    """Of the messages that a dead worker held, those count that their steps still wait for."""
    first, second = await many_queued(db, clock, "ab")
    assert first["message"] == second["message"]
    lost = [message_id(one["_id"], one["message"]) for one in (first, second)]
    assert await requeue_step(db, second, "again", clock.now())
    found = await steps_of_messages(db, [*lost, "somebody-elses"])
    assert [step["_id"] for step in found] == ["a"]


async def test_a_step_that_is_not_due_is_not_queued(db: Database, clock: StoppedClock) -> None:
    """A released step stays ready until its time has come."""
    await insert_steps(db, [step("a", clock, due_at=clock.now() + timedelta(seconds=5))])
    seen = await present(db)
    await queue_batches(db, [[seen]], clock.now())
    assert await present(db) == seen
    clock.forward(5)
    await queue_batches(db, [[seen]], clock.now())
    assert (await present(db))["state"] == "queued"


async def test_a_step_that_another_has_released_since_keeps_its_time(db: Database, clock: StoppedClock) -> None:
    """It is due at once only for the worker whose claim was the last."""
    later = clock.now() + timedelta(seconds=60)
    await insert_steps(db, [step("a", clock, due_at=later, epoch=2)])
    for epoch, due_at in ((1, later), (2, clock.now())):
        await make_due(db, await present(db), epoch, clock.now())
        assert (await present(db)).get("due_at") == due_at


async def test_one_of_two_sweeps_sends_a_lost_message_again(db: Database, clock: StoppedClock) -> None:
    """Sending again replaces the message id that was seen, so it happens once."""
    seen = await queued(db, clock)
    won = [await requeue_step(db, seen, message, clock.now()) for message in ("m2", "m3")]
    assert won == [True, False]
    assert (await present(db))["message"] == "m2"
    assert (await present(db))["sends"] == 2
