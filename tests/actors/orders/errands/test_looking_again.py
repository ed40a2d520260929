"""Orders that wait for a bank or an operator are looked at ever more seldom, and at once when the wait is over."""

from datetime import timedelta

import pytest

from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from storage.orders import fail_order
from tests.actors.builders import present
from tests.actors.stories import DISPUTED, WON, Purchase, say
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

YEAR = timedelta(days=365)


async def looks(worker: WorkDeps, clock: StoppedClock, order: str) -> int:
    """Return the number of times that an order's promise is looked at within a year."""
    count, end = 0, clock.now() + YEAR
    while (due_at := (await present(worker, order))["errands"]["check_promise"]) < end:
        clock.moment = max(clock.moment, due_at)
        await run_errand(worker, "check_promise", order)
        count += 1
    return count


async def test_an_order_that_failed_is_not_asked_about_for_ever(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase
) -> None:
    """Within its first hour every quarter of one, within a year some dozens of times, and told once."""
    await fail_order(worker.db, bought.session, "It is dead.", clock.now())
    assert await looks(worker, clock, bought.session) < 60
    assert await worker.db.alerts.count_documents({"kind": "overdue"}) == 1


async def test_an_order_in_dispute_is_looked_at_when_the_dispute_ends(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase
) -> None:
    """However long its pauses have become by then."""
    await say(worker, bought, DISPUTED)
    assert await looks(worker, clock, bought.session) < 60
    await say(worker, bought, WON)
    assert (await present(worker, bought.session))["errands"]["check_promise"] <= clock.now()
