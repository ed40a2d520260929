"""Money that goes back: when, by whose word, once, and never beside the reports."""

import asyncio

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.customers.resend import ResendIsImpossible
from actors.orders.errands.refund import refund_order
from actors.orders.errands.registry import run_errand
from actors.orders.operators.dead_letters import retry_order
from actors.orders.operators.mails import order_resend
from actors.orders.operators.refund import RefundIsImpossible, begin_refund
from actors.products.catalogue import OFFERS
from infra.stripe.client import StripeIsDown, StripeRefusesUs
from storage.audit import Authority
from storage.database import Document
from storage.dead_letters import dead_letters
from storage.endings import add_stored, choose_completion
from storage.order_state import order_state
from storage.orders import OrderDoesNotExist, fail_order
from storage.reports import report_id, store_report
from tests.actors.builders import BOOK, ORDER, alerts, place, present, working
from tests.actors.post import Mailer
from tests.actors.stories import BOUNCED, DISPUTED, PART, WHOLE, Purchase, say
from tests.actors.vendors import Till
from tests.builders import a_pdf
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before

pytestmark = pytest.mark.anyio

DEAD = "life_clarity: write-x is dead: no."
BY = Authority("Olga", "it cannot be written")


async def test_what_nobody_mends_is_refunded_by_the_settings(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """When REFUND_AFTER_S is over, and not before: once at Stripe, one letter, on the record."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    clock.forward(86399)
    await run_errand(worker, "refund_order", bought.session)
    assert (till.refunds, mailer.kinds) == (0, [])
    clock.forward(1)
    await run_errand(worker, "refund_order", bought.session)
    await run_errand(worker, "refund_order", bought.session)
    order = await present(worker, bought.session)
    assert (till.refunds, mailer.kinds) == (1, ["refund"])
    assert "19.00 USD" in mailer.letters[0].text
    assert (order_state(order, []), order["attention"], order["amount_refunded"]) == ("refunded", None, 1900)
    (action,) = await worker.db.audit.find().to_list()
    assert (action["who"], action["reason"]) == ("REFUND_AFTER_S", DEAD)


async def test_what_can_be_read_is_refunded_by_an_operators_word_alone(
    worker: WorkDeps, clock: StoppedClock, till: Till
) -> None:
    """Two books of a bundle are open on the order's page when the third one dies, and an operator is called."""
    answers = {"name": "Ada", "question": "Whither?", "birth_date": "1988-04-17", "birth_place": "London"}
    bundle = {"metadata": {"product": "bundle", **answers}, "amount_subtotal": OFFERS["bundle"].price}
    order = await place(worker, **bundle)
    for product in order["products"][:2]:
        await store_report(worker.db, report_id(ORDER, product), 1, a_pdf(), clock.now())
        await add_stored(worker.db, ORDER, product, 1, clock.now())
    await fail_order(worker.db, ORDER, DEAD, clock.now())
    clock.forward(86400)
    await run_errand(worker, "refund_order", ORDER)
    order = await present(worker)
    assert (till.refunds, order["letter"], order["attention"]) == (0, None, DEAD)
    await begin_refund(worker, ORDER, BY)
    await run_errand(worker, "refund_order", ORDER)
    assert till.refunds == 1


async def test_a_report_that_is_made_at_this_moment_is_not_refunded_by_the_settings(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, till: Till
) -> None:
    """The choice of the refund asks for the order as it was when no report was made."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    clock.forward(86400)
    seen = await present(worker, bought.session)
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"stored": [BOOK]}})
    assert await refund_order(worker, seen) is not None
    assert (till.refunds, (await present(worker, bought.session))["letter"]) == (0, None)


async def test_without_the_setting_an_operator_decides(
    deps: Deps, clock: StoppedClock, bought: Purchase, till: Till
) -> None:
    """Nothing is given back that nobody asked for."""
    await fail_order(deps.db, bought.session, DEAD, clock.now())
    clock.forward(10**7)
    await run_errand(working(deps, stripe=till), "refund_order", bought.session)
    assert (till.refunds, (await present(deps, bought.session))["letter"]) == (0, None)


async def test_a_till_that_is_away_is_waited_for(
    worker: WorkDeps, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """The operator hears of it, the customer once the money is on its way; no report goes out meanwhile."""
    await begin_refund(worker, bought.session, BY)
    till.trouble = StripeIsDown("Stripe was not reached.")
    for _ in range(3):
        with pytest.raises(StripeIsDown):
            await run_errand(worker, "refund_order", bought.session)
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"stored_at": worker.clock.now()}})
    await run_errand(worker, "complete_order", bought.session)
    assert (mailer.kinds, await alerts(worker, "refund")) == ([], 1)
    till.trouble = None
    await run_errand(worker, "refund_order", bought.session)
    assert mailer.kinds == ["refund"]


async def test_a_till_that_refuses_leaves_the_order_without_letters(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """What Stripe will not give back is no reason to send the reports, or to say that it was given."""
    await begin_refund(worker, bought.session, BY)
    till.trouble = StripeRefusesUs("Stripe refused the request: charge_disputed.")
    await run_errand(worker, "refund_order", bought.session)
    clock.forward(60)
    await run_errand(worker, "refund_order", bought.session)  # if it were still asked for
    (letter,) = await dead_letters(worker.db, limit=9, order=bought.session)
    assert letter["error"] == "Stripe refused the request: charge_disputed."
    assert (mailer.kinds, await choose_completion(worker.db, bought.session)) == ([], False)


async def test_a_refund_that_was_refused_is_asked_for_anew(
    worker: WorkDeps, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """Replayed, it is another request: what Stripe refused may be done by now."""
    await begin_refund(worker, bought.session, BY)
    till.trouble = StripeRefusesUs("Stripe refused the request: balance_insufficient.")
    await run_errand(worker, "refund_order", bought.session)
    till.trouble = None
    assert await retry_order(worker, bought.session, BY) == []
    await run_errand(worker, "refund_order", bought.session)
    assert (till.refunds, mailer.kinds) == (1, ["refund"])


async def test_a_refund_on_stripes_own_pages_is_told(
    worker: WorkDeps, bought: Purchase, mailer: Mailer, till: Till
) -> None:
    """However often its event comes there is one letter; a part that is given back is no end of an order."""
    await say(worker, bought, PART)
    assert (await present(worker, bought.session))["letter"] is None
    await say(worker, bought, WHOLE, WHOLE)
    await asyncio.gather(*(run_errand(worker, "refund_order", bought.session) for _ in range(4)))
    await say(worker, bought, WHOLE)
    await run_errand(worker, "refund_order", bought.session)
    assert (mailer.kinds, till.refunds) == (["refund"], 0)


@pytest.mark.parametrize("write", range(6))
async def test_who_wakes_after_a_dispute_came_does_not_take_its_alert_away(
    worker: WorkDeps, bought: Purchase, write: int
) -> None:
    """A process that copies an earlier word of Stripe's leaves the operator with the later one."""

    async def hear_of_a_part(worker: WorkDeps, _: str) -> None:
        await say(worker, bought, PART)

    async with frozen_before(write, hear_of_a_part, worker, bought.session):
        await say(worker, bought, DISPUTED)
    assert (await present(worker, bought.session))["on_hold"]
    assert await alerts(worker, "dispute") == 1


async def test_reports_that_are_on_their_way_are_not_followed_by_a_refund_letter(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Whose completion letter is chosen is not refunded by us, and hears of Stripe's own refund from the bank."""
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"stored_at": clock.now()}})
    assert await choose_completion(worker.db, bought.session)
    with pytest.raises(RefundIsImpossible, match="completion letter"):
        await begin_refund(worker, bought.session, BY)
    await say(worker, bought, WHOLE)
    await run_errand(worker, "refund_order", bought.session)
    assert mailer.kinds == []


async def test_after_a_refund_that_failed_an_operator_may_send_the_reports(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """No completion mail follows a refund letter; before the reports are stored there is nothing to send."""
    await say(worker, bought, WHOLE)
    await run_errand(worker, "refund_order", bought.session)
    await say(worker, bought, BOUNCED)
    assert order_state(await present(worker, bought.session), []) == "needs_attention"
    with pytest.raises(ResendIsImpossible):
        await order_resend(worker, bought.session, BY)
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"stored_at": clock.now()}})
    await run_errand(worker, "complete_order", bought.session)
    await order_resend(worker, bought.session, BY)
    assert (mailer.kinds, "resend_reports" in (await present(worker, bought.session))["errands"]) == (
        ["refund"],
        True,
    )


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"payment_intent": None}, "Nothing was paid"),
        ({"paid_at": None}, "Nothing was paid"),
        ({"on_hold": True}, "disputed"),
        ({"letter": "refund"}, "chosen already"),
        ({"refund_failed": True}, "failed"),
    ],
)
async def test_what_cannot_be_refunded(deps: Deps, bought: Purchase, facts: Document, why: str) -> None:
    """The operator is told why, and nothing is on record."""
    await deps.db.orders.update_one({"_id": bought.session}, {"$set": facts})
    with pytest.raises(RefundIsImpossible, match=why):
        await begin_refund(deps, bought.session, BY)
    with pytest.raises(OrderDoesNotExist, match="no order cs_other"):
        await begin_refund(deps, "cs_other", BY)
    assert await deps.db.audit.count_documents({}) == 0
