"""The mail server is away for a minute, and refuses one address for good: all others have their letter, once."""

import asyncio

import pytest

from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import ERRANDS, run_errand
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.local.stack import Stack
from storage.order_state import attention_of
from tests.actors.builders import messages, present
from tests.conftest import StoppedClock
from tests.faults.endings import STORIES, begun

pytestmark = pytest.mark.anyio


async def turn(worker: WorkDeps, clock: StoppedClock, seconds: int) -> None:
    """Let sweep and mail workers do what is due in so many seconds, two at a time."""
    for _ in range(0, seconds, 2):
        clock.forward(2)
        worker.broker.client.flushdb()
        await sweep_once(worker, Watch(clock))
        sent = [one for one in messages(worker, "bundle") if one["actor_name"] in ERRANDS]
        await asyncio.gather(*(run_errand(worker, one["actor_name"], one["kwargs"]["order"]) for one in sent))


async def test_a_mail_server_that_is_away_for_a_minute_has_every_letter_afterwards(
    stack: Stack, worker: WorkDeps, clock: StoppedClock
) -> None:
    """None is lost or doubled, and an address that is refused keeps nobody waiting but its own order."""
    orders = [await begun(STORIES["the reports are sent"], worker, stack, clock) for _ in range(6)]
    mail = stack.part("mail")
    await asyncio.to_thread(mail.terminate)
    await turn(worker, clock, 60)
    waiting = await worker.db.deliveries.find({"state": "waiting"}).to_list()
    assert len(waiting) == len(orders)
    await asyncio.to_thread(mail.start)
    refused, *others = orders
    await asyncio.to_thread(lambda: stack.inbox.add_fault(code=550, address=refused["email"]))
    await turn(worker, clock, 120)
    for order in others:
        letters = await asyncio.to_thread(stack.inbox.letters, to=order["email"])
        assert [letter.headers["X-Pressroom-Mail"] for letter in letters] == ["completion"]
    assert attention_of(await present(worker, refused["_id"])) == "The completion mail was refused: 550."
    await asyncio.to_thread(stack.inbox.clear_faults)
