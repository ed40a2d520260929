"""A process dies between any two writes of what ends an order: what follows is seen in the inbox and at Stripe."""

import asyncio

import pytest

from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import ERRANDS, run_errand
from actors.orders.operators.refund import RefundIsImpossible, begin_refund
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from storage.records.orders import Errand
from tests.actors.builders import messages, present
from tests.conftest import StoppedClock
from tests.faults.dying import lives_until
from tests.faults.endings import BY, STORIES, Story, begun
from tests.infra.local.stripe_client import connect

pytestmark = pytest.mark.anyio

KILLS = [(name, write) for name, story in STORIES.items() for write in range(story.writes + 1)]


async def mend(worker: WorkDeps, clock: StoppedClock, order: str, errand: Errand) -> None:
    """Let sweep and mail workers do what is due, until that errand is over."""
    while errand in (await present(worker, order))["errands"]:
        clock.forward(60)
        worker.broker.client.flushdb()
        await sweep_once(worker, Watch(clock))
        for message in messages(worker, "bundle"):
            if message["actor_name"] in ERRANDS:
                await run_errand(worker, message["actor_name"], order)


def check_letters(letters: list[Letter], story: Story, write: int) -> None:
    """Check that the customer has the letter once; twice, under one id, if it was sent and not yet recorded."""
    assert [one.headers["X-Pressroom-Mail"] for one in letters] == [story.letter] * (1 + (write == story.recorded))
    assert len({one.headers["Message-ID"] for one in letters}) == 1


@pytest.mark.short
@pytest.mark.parametrize(("name", "write"), KILLS)
async def test_a_process_that_dies_before_a_write_of(
    stack: Stack, worker: WorkDeps, clock: StoppedClock, name: str, write: int
) -> None:
    """Whatever it had done, its customer gets one letter, and money goes back once, and never with the reports."""
    story = STORIES[name]
    bought = await begun(story, worker, stack, clock)
    order = bought["_id"]
    assert await lives_until(write, story.run, worker, order) == (write < story.writes)
    if story.letter == "refund" and (await present(worker, order))["letter"] is None:
        await begin_refund(worker, order, BY)  # the operator's command failed: it is given again
    await mend(worker, clock, order, story.errand)
    letters = await asyncio.to_thread(lambda: stack.inbox.letters(to=bought["email"]))
    check_letters(letters, story, write)
    assert bought["payment_intent"] is not None
    refunds = connect(stack).v1.refunds.list({"payment_intent": bought["payment_intent"]}).data
    assert [refund.amount for refund in refunds] == ([1900] if story.letter == "refund" else [])
    if story.letter in {"completion", "refund"}:
        with pytest.raises(RefundIsImpossible):
            await begin_refund(worker, order, BY)
