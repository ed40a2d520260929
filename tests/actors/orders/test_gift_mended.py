"""Gifts that are refunded, disputed or addressed anew: their recipient hears of none of it."""

from datetime import timedelta

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.orders.hindrances import why_not_resent
from actors.orders.operators.dead_letters import resolve_dead_letter
from actors.orders.operators.mails import readdress_and_send
from actors.orders.operators.matching import OpenOrders, matching
from actors.orders.operators.refund import begin_refund
from storage.dead_letters import dead_letters
from storage.order_state import order_state
from storage.orders import fail_order
from storage.records.orders import Order
from tests.actors.builders import ORDER, alerts, present, working
from tests.actors.orders.gifts import BUYER, BY, READER, made, on_its_day
from tests.actors.post import Broken, Mailer
from tests.actors.vendors import Till
from tests.conftest import StoppedClock
from tests.customer import customer_of

pytestmark = pytest.mark.anyio


async def test_a_refund_before_the_day_is_the_buyers_alone(
    deps: Deps, worker: WorkDeps, mailer: Mailer, till: Till, clock: StoppedClock
) -> None:
    """The recipient never hears of it, not on the day either. Their link opens nothing, and says no reason."""
    order = await made(deps, clock)
    await run_errand(worker, "complete_order", ORDER)
    await begin_refund(deps, ORDER, BY)
    await run_errand(worker, "refund_order", ORDER)
    await on_its_day(worker, clock)
    assert [(one.kind, one.recipient) for one in mailer.letters] == [("refund", BUYER)]
    assert (till.refunds, order_state(await present(deps), ())) == (1, "refunded")
    async with customer_of(deps, order, reads_gift=True) as reader:
        for path in ("", "/reports/life_clarity/read", "/reports/life_clarity.pdf"):
            page = await reader.get(path)
            assert (page.status_code, "money" in page.text.split("</style>")[1]) == (404, False)
            assert "This gift cannot be opened now." in page.text


async def test_a_gift_that_can_be_read_is_not_refunded_by_the_settings(
    deps: Deps, worker: WorkDeps, till: Till, clock: StoppedClock
) -> None:
    """Its buyer sees the reports while it waits for its day: whatever else of it fails is an operator's."""
    await made(deps, clock)
    await fail_order(deps.db, ORDER, "confirm_order failed: KeyError", clock.now(), errand="confirm_order")
    clock.forward(2 * 86400)
    await run_errand(worker, "refund_order", ORDER)
    order = await present(deps)
    assert (till.refunds, order["letter"], order["failed_at"] is not None) == (0, None, True)


async def test_a_gift_that_is_made_needs_nobody_for_a_letter_that_is_discarded(
    deps: Deps, clock: StoppedClock
) -> None:
    """Its buyer was to hear that it was taken: an operator who lets that be has nothing more to do."""
    await made(deps, clock)
    await run_errand(working(deps, Broken()), "confirm_order", ORDER)
    assert order_state(await present(deps), ()) == "needs_attention"
    (dead,) = await dead_letters(deps.db, limit=9, order=ORDER)
    await resolve_dead_letter(deps, dead["_id"], "discarded", BY)
    order = await present(deps)
    assert (order_state(order, ()), order["failed_at"]) == ("scheduled", None)
    assert await alerts(deps, "needs_attention") == 0


async def test_old_orders_that_are_refunded_are_no_gifts_that_wait(deps: Deps, clock: StoppedClock) -> None:
    """A gift that was bought months before its day is well; one whose day came and brought no letter is not."""
    order = await made(deps, clock)
    found = []
    for moment in (order["gift"]["at"] - timedelta(hours=1), order["gift"]["at"] + timedelta(hours=1)):
        clock.moment = moment
        found.append(await matching(deps, OpenOrders(paid_before=moment)))
    assert found == [[], [ORDER]]


async def test_money_that_a_bank_sends_back_brings_no_gift_before_its_day(deps: Deps, clock: StoppedClock) -> None:
    """Nobody can have its reports sent again that were never sent; from its day on an operator can."""
    order = await made(deps, clock)
    failed: Order = {**order, "letter": "refund", "refund_failed": True}
    assert why_not_resent(deps, failed) is not None
    clock.moment = order["gift"]["at"]
    assert why_not_resent(deps, failed) is None


async def test_a_dispute_holds_a_gift_beyond_its_day(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """While the bank decides nothing goes out; afterwards the letter does."""
    await made(deps, clock)
    await run_errand(worker, "complete_order", ORDER)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"on_hold": True}})
    await on_its_day(worker, clock)
    assert mailer.letters == []
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"on_hold": False}})
    await run_errand(worker, "complete_order", ORDER)
    assert [one.recipient for one in mailer.letters] == [READER]


async def test_the_recipients_address_is_corrected_apart_from_the_buyers(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """What was refused goes to the new one; the buyer's own new address gets no report; the trail has neither."""
    await made(deps, clock, email="wrong@customer.example")
    mailer.refused = "wrong@customer.example"
    await on_its_day(worker, clock)
    order = await present(deps)
    assert (order["attention"], mailer.letters) == ("The completion mail was refused: 550.", [])
    async with customer_of(deps, order) as buyer:
        assert "The mail provider of the recipient refused" in (await buyer.get()).text
    assert await readdress_and_send(deps, ORDER, BUYER, BY) == 0
    assert await readdress_and_send(deps, ORDER, READER, BY, of_gift=True) == 1
    clock.forward(60)
    await run_errand(worker, "complete_order", ORDER)
    assert [one.recipient for one in mailer.letters] == [READER]
    assert await readdress_and_send(deps, ORDER, "other@customer.example", BY) == 0
    order = await present(deps)
    assert (order["email"], order["gift"]["email"]) == ("other@customer.example", READER)
    assert await readdress_and_send(deps, ORDER, "last@customer.example", BY, of_gift=True) == 1
    assert "customer.example" not in str(await deps.db.audit.find().to_list())
