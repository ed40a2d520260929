"""Transitions T2, T16, T17 and T18 of the protocol on an order, over the wire."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage.corrections import uncorrected_since
from storage.database import Database
from storage.endings import add_stored, begin_replay, choose_completion, choose_refund
from storage.orders import latest_orders, note_paid, place_orders
from storage.withdrawals import record_withdrawal
from tests.conftest import StoppedClock
from tests.storage.builders import order_of_two, the_order

pytestmark = pytest.mark.anyio


async def test_the_first_placing_of_an_order_stays(db: Database, clock: StoppedClock) -> None:
    """Two events of one session make one order, with the first one's token."""
    for token in ("first", "second"):
        await place_orders(db, [order_of_two(clock, token=token)])
    assert (await the_order(db))["token"] == "first"


async def test_the_newest_orders_are_listed_first(db: Database, clock: StoppedClock) -> None:
    """Whatever befalls an order, and however its documents lie, leaves it in its place."""
    for nth, ago in ((3, 60), (2, 0), (1, 30)):
        placed_at = clock.now() - timedelta(seconds=ago)
        await place_orders(db, [order_of_two(clock, _id=f"cs_{nth}", token=f"t{nth}", placed_at=placed_at)])
    await note_paid(db, "cs_3", clock.now())
    assert [found["_id"] for found in await latest_orders(db, 2)] == ["cs_2", "cs_1"]


async def test_a_payment_that_comes_later_is_added(db: Database, clock: StoppedClock) -> None:
    """An order that was placed unpaid becomes paid, at the earliest time that is known."""
    await place_orders(db, [order_of_two(clock, paid_at=None)])
    earlier = clock.now()
    clock.forward(1)
    for at in (clock.now(), earlier, clock.now()):
        await note_paid(db, "cs_1", at)
    assert (await the_order(db))["paid_at"] == earlier


async def test_the_last_report_stored_completes_the_order(db: Database, clock: StoppedClock) -> None:
    """Whichever of two reports is stored last sees the order complete, also when both are at once."""
    await place_orders(db, [order_of_two(clock)])
    seen = await asyncio.gather(*(add_stored(db, "cs_1", product, 1, clock.now()) for product in ("a", "b")))
    assert any(seen)
    assert (await the_order(db))["stored_at"] == clock.now()


async def test_a_report_of_an_older_run_completes_nothing(db: Database, clock: StoppedClock) -> None:
    """A PDF that was made before a replay does not count after it."""
    await place_orders(db, [order_of_two(clock, products=["a"])])
    assert await begin_replay(db, "cs_1", {"product": "a", "run": 2, "steps": ["s"]}, clock.now())
    assert not await add_stored(db, "cs_1", "a", 1, clock.now())
    assert await add_stored(db, "cs_1", "a", 2, clock.now())


async def test_the_two_letters_exclude_one_another(db: Database, clock: StoppedClock) -> None:
    """Of a completion and a refund letter that are chosen at once, one stands, and both sides know which."""
    await place_orders(db, [order_of_two(clock, stored_at=clock.now())])
    completion, refund = await asyncio.gather(
        choose_completion(db, "cs_1"), choose_refund(db, "cs_1", clock.now())
    )
    assert completion != refund
    assert (await the_order(db))["letter"] == ("completion" if completion else "refund")


async def test_an_order_that_was_delivered_since_it_was_seen_is_not_refunded(
    db: Database, clock: StoppedClock
) -> None:
    """After a correction it looks as it did before its delivery, and its customer has the first reports."""
    await place_orders(db, [order_of_two(clock)])
    seen = await the_order(db)
    await db.orders.update_one({"_id": "cs_1"}, {"$set": {"corrections": [{"delivered_at": clock.now()}]}})
    assert not await choose_refund(db, "cs_1", clock.now(), **uncorrected_since(seen))
    assert not await record_withdrawal(db, seen, clock.now(), refunding=True)
    assert await record_withdrawal(db, await the_order(db), clock.now(), refunding=True)


async def test_choosing_the_same_letter_again_says_yes(db: Database, clock: StoppedClock) -> None:
    """Who retries after a crash finds its letter chosen."""
    await place_orders(db, [order_of_two(clock, stored_at=clock.now())])
    assert await choose_completion(db, "cs_1")
    assert await choose_completion(db, "cs_1")


@pytest.mark.parametrize("facts", [{"stored_at": None}, {"on_hold": True}])
async def test_no_completion_letter_before_its_time(
    db: Database, clock: StoppedClock, facts: dict[str, Any]
) -> None:
    """An order that is not complete, or held by a dispute, gets no completion letter."""
    await place_orders(db, [order_of_two(clock, **{"stored_at": clock.now(), **facts})])
    assert not await choose_completion(db, "cs_1")


async def test_an_order_whose_letter_is_chosen_is_not_replayed(db: Database, clock: StoppedClock) -> None:
    """A replay after the letter is chosen could mail twice, so it does not begin."""
    await place_orders(db, [order_of_two(clock, stored_at=clock.now())])
    await choose_completion(db, "cs_1")
    assert not await begin_replay(db, "cs_1", {"product": "a", "run": 2, "steps": ["s"]}, clock.now())


async def test_two_operators_begin_one_replay(db: Database, clock: StoppedClock) -> None:
    """Of two replays of one report at once, one begins."""
    await place_orders(db, [order_of_two(clock)])
    begun = await asyncio.gather(
        *(begin_replay(db, "cs_1", {"product": "a", "run": 2, "steps": ["s"]}, clock.now()) for _ in range(2))
    )
    assert sorted(begun) == [False, True]


async def test_a_replay_between_stored_and_complete_keeps_the_order_open(
    db: Database, clock: StoppedClock
) -> None:
    """While a report is replayed the order is not complete, whoever noted an older run as stored."""
    await place_orders(db, [order_of_two(clock, products=["a"])])
    await asyncio.gather(
        add_stored(db, "cs_1", "a", 1, clock.now()),
        begin_replay(db, "cs_1", {"product": "a", "run": 2, "steps": ["s"]}, clock.now()),
    )
    found = await the_order(db)
    assert (found["run"]["a"], found["stored"], found["stored_at"]) == (2, [], None)
