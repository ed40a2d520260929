"""What an order has spent, and the pause that waits for an operator, over the wire."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage.budget import Spending, begin_pause, end_pause, is_paused, spending_of
from storage.database import Database
from storage.ledger import open_entry, settle_entry
from storage.order_state import attention_of, is_parked, order_state
from storage.orders import place_orders
from storage.records.orders import Order
from storage.records.work import Settlement
from tests.builders import an_order
from tests.conftest import StoppedClock
from tests.storage.builders import ANSWERED, TIMED_OUT, UNPRICED, order_of_two, section, the_order

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
REASON = "The budget is spent."


async def placed(db: Database, clock: StoppedClock) -> Order:
    """Return an order that has just been placed."""
    await place_orders(db, [order_of_two(clock)])
    return await the_order(db)


async def call(
    db: Database, clock: StoppedClock, epoch: int, facts: Settlement | None, most: float | None = 0.5
) -> None:
    """Open an entry that may cost so much, and settle it with those facts, if any."""
    entry = await open_entry(db, section(), epoch, clock.now(), estimate_usd=most)
    if facts is not None:
        await settle_entry(db, entry, facts, clock.now())


async def test_an_order_without_calls_has_spent_nothing(db: Database, clock: StoppedClock) -> None:
    """Before the first call nothing is spent and nothing in the air."""
    assert await spending_of(db, "cs_1", 0.1, clock.now()) == Spending(0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("facts", "age_s", "spending"),
    [
        (ANSWERED, 0, Spending(0.0125, 0, 0)),
        (UNPRICED, 0, Spending(0, 0, 1)),
        (TIMED_OUT, 0, Spending(0.5, 0, 0)),
        ({"outcome": "failed", "error": "429", "cost_usd": None}, 0, Spending(0, 0, 0)),
        (None, 59, Spending(0, 0.5, 0)),
        (None, 61, Spending(0.5, 0, 0)),
    ],
    ids=["answered", "unpriced", "timed out", "failed", "in the air", "lost"],
)
async def test_each_call_counts_as_what_is_known_of_it(
    db: Database, clock: StoppedClock, facts: Settlement | None, age_s: int, spending: Spending
) -> None:
    """An answer counts at its price, a call without one at the most that it may have cost, a refused one not."""
    await call(db, clock, 1, facts)
    clock.forward(age_s)
    assert await spending_of(db, "cs_1", 9.0, clock.now() - MINUTE) == spending


async def test_calls_of_an_order_are_summed(db: Database, clock: StoppedClock) -> None:
    """All sections and runs count; one that was opened without an estimate counts as much as the next call."""
    for epoch, (facts, most) in enumerate([(ANSWERED, 0.5), (ANSWERED, None), (None, 0.25), (None, None)]):
        await call(db, clock, epoch, facts, most)
    assert await spending_of(db, "cs_1", 0.125, clock.now() - MINUTE) == Spending(0.025, 0.375, 0)
    assert await spending_of(db, "cs_2", 0.125, clock.now() - MINUTE) == Spending(0.0, 0.0, 0)


async def test_a_paused_order_is_an_operators(db: Database, clock: StoppedClock) -> None:
    """From the pause on the order needs attention, with its reason and an errand to say so, until it is over."""
    seen = await placed(db, clock)
    assert not is_paused(seen)
    assert await begin_pause(db, seen, REASON, 0.5, clock.now())
    paused = await the_order(db)
    assert is_paused(paused)
    assert (order_state(paused, []), attention_of(paused)) == ("needs_attention", REASON)
    assert set(paused["errands"]) == {"heed_pause"}
    assert await end_pause(db, paused, None, clock.now())
    resumed = await the_order(db)
    assert not is_paused(resumed)
    assert (order_state(resumed, []), attention_of(resumed), "budget_usd" in resumed) == ("paid", None, False)


async def test_of_many_sections_one_pauses_their_order(db: Database, clock: StoppedClock) -> None:
    """However many find the budget spent at once, there is one pause, and one resumption."""
    seen = await placed(db, clock)
    begun = [begin_pause(db, seen, REASON, None, clock.now()) for _ in range(16)]
    assert sum(await asyncio.gather(*begun)) == 1
    paused = await the_order(db)
    ended = [end_pause(db, paused, float(usd), clock.now()) for usd in range(1, 9)]
    assert sum(await asyncio.gather(*ended)) == 1
    assert (await the_order(db))["pause"]["number"] == 1


async def test_who_saw_the_order_before_it_was_resumed_does_not_pause_it_again(
    db: Database, clock: StoppedClock
) -> None:
    """What was known under the old budget is nothing any more; what is known under the new one is."""
    seen = await placed(db, clock)
    await begin_pause(db, seen, REASON, None, clock.now())
    await end_pause(db, await the_order(db), 5.0, clock.now())
    assert not await begin_pause(db, seen, REASON, None, clock.now())
    resumed = await the_order(db)
    assert resumed["budget_usd"] == 5.0
    assert await begin_pause(db, resumed, REASON, None, clock.now())
    assert (await the_order(db))["pause"]["number"] == 2


@pytest.mark.parametrize(
    ("stopped", "holds", "kind", "lies"),
    [
        (False, None, "write", False),
        (False, False, "write", False),
        (False, True, "write", True),
        (False, True, "render", False),
        (True, None, "write", True),
        (True, None, "render", True),
    ],
)
def test_which_steps_lie_still(stopped: bool, holds: bool | None, kind: str, lies: bool) -> None:
    """A refund stops all of an order; a pause stops what would be bought, and the rest goes on."""
    pause: dict[str, Any] = {} if holds is None else {"pause": {"holds": holds}}
    assert is_parked(an_order(stopped=stopped, **pause), kind) == lies


@pytest.mark.parametrize("failed", [True, False])
def test_a_refund_that_is_decided_stops_the_work(failed: bool) -> None:
    """Nothing is made for an order whose money is about to go back, unless the bank sends it back to us."""
    assert is_parked(an_order(letter="refund", refund_failed=failed), "write") != failed
