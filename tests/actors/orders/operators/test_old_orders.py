"""Open orders that are older than a given age: quoted, then refunded one by one, each once, whatever dies."""

from datetime import datetime, timedelta

import pytest

from actors.deps.process import Deps
from actors.orders.operators.bulk import NothingMatches, make_bulk, take_up_bulk
from actors.orders.operators.matching import OpenOrders
from actors.orders.operators.replays import QuoteHasChanged
from actors.sweep.orders import carry_out_bulks
from storage.audit import Authority
from storage.bulk import failures_of, find_bulk, progress_of
from storage.records.bulk import Bulk
from tests.actors.builders import messages, place, present, working
from tests.conftest import StoppedClock
from tests.faults.dying import lives_until

pytestmark = pytest.mark.anyio

BY = Authority("Olga", "we stop selling it")
OLD = ("cs_old_1", "cs_old_2", "cs_old_3")


async def paid_long_ago(deps: Deps) -> datetime:
    """Place three old orders and two that do not match. Returns the time before which the old ones were paid."""
    before = deps.clock.now() - timedelta(days=14)
    ages = {**dict.fromkeys(OLD, 20), "cs_fresh": 13, "cs_delivered": 20}
    for order, days in ages.items():
        await place(deps, id=order, payment_intent=f"pi_{order}")
        paid = {"paid_at": deps.clock.now() - timedelta(days=days)}
        await deps.db.orders.update_one({"_id": order}, {"$set": paid})
    await deps.db.orders.update_one({"_id": "cs_delivered"}, {"$set": {"delivered_at": before}})
    return before


async def made(deps: Deps, wanted: OpenOrders) -> Bulk:
    """Quote refunds."""
    bulk = await find_bulk(deps.db, await make_bulk(deps, wanted, "refunded"))
    assert bulk is not None
    return bulk


async def begun(deps: Deps, before: datetime) -> str:
    """Quote refunds, and have them carried out, while no message waits."""
    bulk = await made(deps, OpenOrders(before))
    await take_up_bulk(deps, bulk["_id"], bulk["quote"]["fingerprint"], BY)
    deps.broker.client.flushdb()
    return bulk["_id"]


async def refunded(deps: Deps) -> list[str]:
    """Return the orders whose refund is chosen."""
    found = await deps.db.orders.find({"letter": "refund"}).sort("_id").to_list()
    return [order["_id"] for order in found]


async def test_old_orders_are_refunded_as_quoted(deps: Deps) -> None:
    """The quote has number, money and mails, and names who is refused; fresh and delivered ones are left alone."""
    before = await paid_long_ago(deps)
    await deps.db.orders.update_one({"_id": OLD[0]}, {"$set": {"on_hold": True}})
    await deps.db.orders.update_one({"_id": OLD[1]}, {"$set": {"amount_refunded": 900}})
    facts = (await made(deps, OpenOrders(before)))["quote"]
    assert (facts["letters"], facts["paid"], facts["given_back"]) == (2, {"usd": 3800}, {"usd": 2900})
    assert facts["mails"] == {"refund": 2}
    assert [one["letter"] for one in facts["refusals"]] == [OLD[0]]
    bulk = await begun(deps, before)
    await carry_out_bulks(deps)
    assert await refunded(deps) == [*OLD[1:]]
    assert await progress_of(deps.db, bulk) == (0, 2, 1)
    assert [one["actor_name"] for one in messages(deps, "bundle")] == ["refund_order"] * 2
    trail = await deps.db.audit.find({"action": "refunded"}).to_list()
    assert {(one["who"], one["reason"], one["order"]) for one in trail} == {(*BY, order) for order in OLD[1:]}
    assert (await present(deps, OLD[1]))["letter"] == "refund"


async def test_only_those_of_a_product_or_a_brand(deps: Deps) -> None:
    """A filter narrows them; one that finds nothing is said to."""
    before = await paid_long_ago(deps)
    await deps.db.orders.update_one({"_id": OLD[0]}, {"$set": {"tenant": "sister"}})
    assert (await made(deps, OpenOrders(before, tenant="sister")))["quote"]["letters"] == 1
    assert (await made(deps, OpenOrders(before, product="life_clarity")))["quote"]["letters"] == 3
    with pytest.raises(NothingMatches, match="No open order matches: open orders, paid before"):
        await made(deps, OpenOrders(before, product="bundle"))


async def test_what_changed_is_quoted_anew(deps: Deps) -> None:
    """An order that is disputed while the quote is on view has nothing begun; one disputed later is listed."""
    before = await paid_long_ago(deps)
    bulk = await made(deps, OpenOrders(before))
    await deps.db.orders.update_one({"_id": OLD[0]}, {"$set": {"on_hold": True}})
    with pytest.raises(QuoteHasChanged):
        await take_up_bulk(deps, bulk["_id"], bulk["quote"]["fingerprint"], BY)
    await deps.db.orders.update_one({"_id": OLD[0]}, {"$set": {"on_hold": False}})
    later = await begun(deps, before)
    await deps.db.orders.update_one({"_id": OLD[0]}, {"$set": {"on_hold": True}})
    await carry_out_bulks(deps)
    (failure,) = await failures_of(deps.db, later)
    assert (failure["letter"], "disputed" in failure["why"]) == (OLD[0], True)
    assert await refunded(deps) == [*OLD[1:]]


@pytest.mark.parametrize("write", range(1, 26, 4))
async def test_a_sweep_that_dies_has_each_order_refunded_once(deps: Deps, clock: StoppedClock, write: int) -> None:
    """Wherever it dies, another goes on after a while, and each order counts once, as done."""
    bulk = await begun(deps, await paid_long_ago(deps))
    await lives_until(write, lambda dying, _: carry_out_bulks(dying), working(deps), "")
    for _ in range(3):
        clock.forward(16)
        deps.broker.client.flushdb()
        await carry_out_bulks(deps)
    assert await progress_of(deps.db, bulk) == (0, 3, 0)
    assert await refunded(deps) == [*OLD]
