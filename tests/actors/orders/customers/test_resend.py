"""Reports are sent once more: as a customer asks within bounds, or an operator on the record; each time once."""

import asyncio

import pytest

from actors.deps.process import Deps
from actors.orders.customers.resend import ResendIsImpossible, ResendIsTooSoon, ask_resend
from actors.orders.errands.registry import run_errand
from actors.orders.operators.mails import order_resend
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.audit import Authority
from storage.database import Document
from storage.deliveries import deliveries_of
from storage.orders import OrderDoesNotExist
from tests.actors.builders import ORDER, messages, present, working
from tests.actors.post import Mailer, delivered, stored
from tests.builders import an_order
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

MINUTES = 60


async def test_each_resend_is_a_letter_of_its_own_with_the_same_links(deps: Deps, clock: StoppedClock) -> None:
    """It goes once however many workers are woken, with its own Message-ID, and its delivery is on record."""
    mailer = Mailer()
    worker, _ = await delivered(deps, mailer)
    for _ in range(2):
        await ask_resend(deps, await present(deps))
        await asyncio.gather(*(run_errand(worker, "resend_reports", ORDER) for _ in range(8)))
        clock.forward(10 * MINUTES)
    first, *again = mailer.letters
    assert mailer.kinds == ["completion", "resend", "resend"]
    assert len({letter.message_id for letter in mailer.letters}) == 3
    (link,) = [line for line in first.text.splitlines() if line.endswith(".pdf")]
    assert all(link in letter.text and link in letter.html for letter in again)
    mails = {one["_id"]: (one["kind"], one["state"]) for one in await deliveries_of(deps.db, ORDER)}
    assert mails[f"{ORDER}:resend-2"] == ("resend", "sent")
    assert (await present(deps))["errands"] == {}


async def test_a_customer_may_ask_thrice_a_day_and_not_at_once(deps: Deps, clock: StoppedClock) -> None:
    """Within ten minutes, and after three in a day, the answer says when it may be asked for again."""
    mailer = Mailer()
    worker, _ = await delivered(deps, mailer)
    for _ in range(3):
        await ask_resend(deps, await present(deps))
        await run_errand(worker, "resend_reports", ORDER)
        clock.forward(9 * MINUTES)
        with pytest.raises(ResendIsTooSoon):
            await ask_resend(deps, await present(deps))
        clock.forward(MINUTES)
    with pytest.raises(ResendIsTooSoon) as told:
        await ask_resend(deps, await present(deps))
    clock.forward(told.value.seconds)
    await ask_resend(deps, await present(deps))
    assert mailer.kinds.count("resend") == 3


async def test_asking_again_while_it_is_under_way_is_one_resend(deps: Deps) -> None:
    """A button that is pressed eight times, at once or one after another, sends one letter."""
    mailer = Mailer()
    worker, order = await delivered(deps, mailer)
    await asyncio.gather(*(ask_resend(deps, order) for _ in range(8)))
    await ask_resend(deps, await present(deps))
    await run_errand(worker, "resend_reports", ORDER)
    assert (await present(deps))["resends"]["count"] == 1
    assert mailer.kinds == ["completion", "resend"]


async def test_a_resend_whose_message_is_lost_goes_all_the_same(deps: Deps, clock: StoppedClock) -> None:
    """What was promised to the customer is in MongoDB, and the sweep wakes a worker for it."""
    _, order = await delivered(deps, Mailer())
    await ask_resend(deps, order)
    deps.broker.client.flushdb()
    clock.forward(15)
    await sweep_once(deps, Watch(clock))
    assert "resend_reports" in [message["actor_name"] for message in messages(deps, "bundle")]


async def test_what_was_not_sent_cannot_be_sent_again(deps: Deps) -> None:
    """Before the completion mail there is nothing to repeat, for customer and operator alike."""
    order = await stored(deps)
    with pytest.raises(ResendIsImpossible):
        await ask_resend(deps, order)
    with pytest.raises(ResendIsImpossible):
        await order_resend(deps, ORDER, Authority("test", "why not"))
    with pytest.raises(OrderDoesNotExist, match="no order cs_none"):
        await order_resend(deps, "cs_none", Authority("test", "why not"))
    assert await deps.db.audit.count_documents({}) == 0


@pytest.mark.parametrize("facts", [{"stopped": True}, {"on_hold": True}])
async def test_a_refunded_or_disputed_order_is_not_sent_again(deps: Deps, facts: Document) -> None:
    """Neither when it is asked for, nor if that befalls it between the question and the letter."""
    mailer = Mailer()
    worker, order = await delivered(deps, mailer)
    with pytest.raises(ResendIsImpossible):
        await ask_resend(deps, an_order(ORDER, **{**order, **facts}))
    await ask_resend(deps, order)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": facts})
    await run_errand(worker, "resend_reports", ORDER)
    assert mailer.kinds == ["completion"]
    assert (await present(deps))["errands"] == {}


async def test_an_operator_is_not_bound_but_on_record(deps: Deps) -> None:
    """Who mends may send as often as it takes; who, what and why is in the audit trail."""
    mailer = Mailer()
    worker, _ = await delivered(deps, mailer)
    for _ in range(5):
        await order_resend(deps, ORDER, Authority("Olga", "she asked"))
        await run_errand(worker, "resend_reports", ORDER)
    assert mailer.kinds.count("resend") == 5
    trail = await deps.db.audit.find({"order": ORDER}).to_list()
    assert {(one["who"], one["action"], one["reason"]) for one in trail} == {("Olga", "resent", "she asked")}


async def test_a_worker_that_ends_leaves_the_letter_to_another(deps: Deps) -> None:
    """Told to stop, it sends nothing and wakes another mail worker."""
    _, order = await delivered(deps, Mailer())
    await ask_resend(deps, order)
    deps.broker.client.flushdb()
    ending = working(deps)
    ending.stopping.set()
    await run_errand(ending, "resend_reports", ORDER)
    assert [message["actor_name"] for message in messages(deps, "bundle")] == ["resend_reports"]
