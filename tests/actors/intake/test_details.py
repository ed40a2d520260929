"""Details that a customer fills in: with the last of them the order is bound to start, whatever dies."""

import asyncio
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from storage.orders import DETAILS_OVERDUE, call_operator, fill_details
from tests.actors.builders import ORDER, messages, place, present, sweep, working
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

HOROSCOPE = {"metadata": {"product": "personal_horoscope"}, "amount_subtotal": 9900}
FILLED = {"name": "Ada", "birth_date": "1988-04-17", "birth_place": "Rome"}


async def changes(deps: Deps, given: dict[str, str]) -> list[dict[str, Any]]:
    """Fill in details, and return each change of the order that became durable, as MongoDB tells it."""
    told: list[dict[str, Any]] = []
    async with await deps.db.orders.watch() as stream:
        await fill_details(deps.db, ORDER, given, deps.clock.now())
        await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"end": True}})
        told_of: Any = stream
        async for change in told_of:
            fields = change["updateDescription"]["updatedFields"]
            if "end" in fields:
                return told
            told.append(fields)
    return told


def empties(fields: dict[str, Any]) -> bool:
    """Return whether a change left nothing missing."""
    return fields.get("missing") == []


async def test_the_last_answer_and_the_intent_to_start_are_one_write(deps: Deps) -> None:
    """A process that dies between any two writes leaves an order that lacks something, or one that will start."""
    await place(deps, **HOROSCOPE)
    told = await changes(deps, FILLED)
    assert [empties(fields) for fields in told] == [False, False, True]
    assert "errands.start_order" in told[-1]
    assert "details_by" not in await present(deps)


async def test_an_order_whose_form_died_right_after_the_last_answer_starts(
    deps: Deps, clock: StoppedClock
) -> None:
    """The sweep has a worker begin it within seconds."""
    await place(deps, **HOROSCOPE)
    await fill_details(deps.db, ORDER, FILLED, clock.now())
    assert await deps.db.reports.count_documents({}) == 0
    clock.forward(16)
    await sweep(deps)
    assert "start_order" in {one["actor_name"] for one in messages(deps, "bundle")}
    await run_errand(working(deps), "start_order", ORDER)
    assert await deps.db.reports.count_documents({}) == 1
    assert "start_order" not in (await present(deps))["errands"]


async def test_two_halves_of_a_form_that_come_at_once_start_the_order(deps: Deps) -> None:
    """Whichever of them is the last, its write holds the intent."""
    await place(deps, **HOROSCOPE)
    halves = [{"name": "Ada"}, {"birth_date": "1988-04-17"}, {"birth_place": "Rome"}, {"name": "Eve"}]
    await asyncio.gather(*(fill_details(deps.db, ORDER, half, deps.clock.now()) for half in halves))
    order = await present(deps)
    assert (order["missing"], "start_order" in order["errands"]) == ([], True)


async def test_details_that_come_after_their_time_call_nobody_any_more(deps: Deps) -> None:
    """The operator's call ends with the same write. Another reason stays."""
    await place(deps, **HOROSCOPE)
    await call_operator(deps.db, ORDER, DETAILS_OVERDUE, deps.clock.now())
    told = await changes(deps, FILLED)
    assert told[-1]["attention"] is None
    await deps.db.orders.delete_many({})
    await place(deps, **HOROSCOPE)
    await call_operator(deps.db, ORDER, "It broke.", deps.clock.now())
    await fill_details(deps.db, ORDER, FILLED, deps.clock.now())
    assert (await present(deps))["attention"] == "It broke."


async def test_nobody_is_asked_for_the_details_of_an_order_whose_money_goes_back(deps: Deps) -> None:
    """Neither the customer by a letter, nor an operator when the time is up."""
    await place(deps, **HOROSCOPE)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"letter": "refund"}})
    for errand in ("ask_details", "end_patience"):
        await run_errand(working(deps), errand, ORDER)
    assert (await present(deps))["attention"] is None
    assert await deps.db.deliveries.count_documents({}) == 0


async def test_answers_of_an_unpaid_order_do_not_start_it(deps: Deps) -> None:
    """Its customer was not asked yet, and it begins with its payment."""
    await place(deps, **HOROSCOPE, payment_status="unpaid")
    await fill_details(deps.db, ORDER, FILLED, deps.clock.now())
    order = await present(deps)
    assert (order["missing"], [*order["errands"]]) == ([], ["check_payment"])
