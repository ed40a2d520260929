"""Work of refunded orders: it lies still, and goes on if the money comes back, whoever dies in between."""

import math

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.reports.begin_report import begin_report
from actors.reports.perform_step import perform
from storage.records.work import Step
from storage.reports import report_id
from tests.actors.builders import BOOK, answering, messages, steps, sweep, working
from tests.actors.stories import BOUNCED, COMPLETED, PAID, PART, WHOLE, Purchase, purchase, say
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before, lives_until

pytestmark = pytest.mark.anyio

#: The writes of a parking.
WRITES = 2


async def begin(worker: WorkDeps, order: str) -> None:
    """Begin the order's report."""
    await begin_report(worker, report_id(order, BOOK))


async def first_section(deps: Deps, order: str) -> Step:
    """Return the first section of the order's report."""
    return (await steps(deps, order, "write"))[0]


async def write(worker: WorkDeps, order: str) -> None:
    """Write the first section of the order's report."""
    section = await first_section(worker, order)
    await perform(worker, order, section["_id"], answering({"text": "Some words."}))


async def sent_again(deps: Deps, clock: StoppedClock, name: str, after_s: float) -> bool:
    """Return whether the sweep sends that report or step again, so long after Redis has lost all messages."""
    deps.broker.client.flushdb()
    clock.forward(after_s)
    await sweep(deps)
    return any(name in message["kwargs"].values() for message in messages(deps))


async def is_refunded(deps: Deps) -> Purchase:
    """Return a purchase whose money is back, and whose report is not begun."""
    bought = purchase()
    await say(deps, bought, COMPLETED, PAID, PART, WHOLE)
    return bought


async def is_refunded_amid_writing(deps: Deps) -> Purchase:
    """Return a purchase whose money is back, and whose sections are queued."""
    bought = purchase()
    await say(deps, bought, COMPLETED, PAID)
    await begin(working(deps), bought.session)
    await say(deps, bought, PART, WHOLE)
    return bought


@pytest.mark.parametrize("more", [0, 1, math.inf])
@pytest.mark.parametrize("before", range(WRITES + 1))
@pytest.mark.parametrize("is_begun", [False, True], ids=["report", "step"])
async def test_what_is_parked_as_its_refund_fails_is_sent_again(
    deps: Deps, clock: StoppedClock, is_begun: bool, before: int, more: float
) -> None:
    """Its worker may have been frozen at any moment of it, and die soon after, and Redis may know of nothing."""
    bought = await (is_refunded_amid_writing if is_begun else is_refunded)(deps)
    work = write if is_begun else begin
    async with frozen_before(before, work, working(deps), bought.session, more=more):
        await say(deps, bought, BOUNCED)
    section = (await first_section(deps, bought.session))["_id"] if is_begun else None
    assert await sent_again(deps, clock, section or report_id(bought.session, BOOK), 61)


async def test_what_is_parked_is_sent_no_more(deps: Deps, clock: StoppedClock) -> None:
    """The sweep leaves the work of an order alone whose money is back: a report, and a step."""
    unbegun, begun = await is_refunded(deps), await is_refunded_amid_writing(deps)
    assert not await lives_until(WRITES, begin, working(deps), unbegun.session)
    assert not await lives_until(WRITES, write, working(deps), begun.session)
    assert not await sent_again(deps, clock, report_id(unbegun.session, BOOK), 3600)
    assert not await sent_again(deps, clock, (await first_section(deps, begun.session))["_id"], 3600)
