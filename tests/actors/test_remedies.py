"""An order that is late or fails: who hears of it, when, and how its money goes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.intake.apply import apply_events, finish_events
from actors.orders.dead_letters import retry_order
from actors.orders.errands import run_errand
from actors.orders.refund import RefundIsImpossible, begin_refund
from actors.orders.resend import ResendIsImpossible, order_resend
from actors.products.catalogue import OFFERS
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.stripe.client import StripeIsDown, StripeRefusesUs
from storage.audit import Authority
from storage.database import Document
from storage.dead_letters import dead_letters
from storage.errands import Errand
from storage.order_state import order_state
from storage.orders import choose_completion, fail_order, find_order, release_operator
from tests.actors.post import Mailer
from tests.actors.stories import BOUNCED, COMPLETED, DISPUTED, PAID, PART, WHOLE, Purchase, Word, purchase
from tests.actors.test_perform import working
from tests.actors.test_sweep import messages
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

DEAD = "life_clarity: write-x is dead: no."
BY = Authority("Olga", "it cannot be written")
PROMISE_S = OFFERS["life_clarity"].promise_s


class StripeApi:
    """Stripe that gives 19 dollars back once for each key, unless it has an error to raise."""

    def __init__(self) -> None:
        """Begin with no refunds."""
        self.keys: list[str] = []
        self.trouble: Exception | None = None

    async def refund(self, intent: str, key: str) -> Document:
        """Give the money back."""
        assert intent.startswith("pi_")
        if self.trouble:
            raise self.trouble
        self.keys.append(key)
        return {"amount": 1900, "amount_refunded": 1900}


async def say(deps: Deps, bought: Purchase, *words: Word) -> None:
    """Let Stripe say those words of a purchase."""
    for word in words:
        await finish_events(deps, await apply_events(deps, [bought.said(word)]))


async def present(deps: Deps, order: str) -> Document:
    """Return the order, which must be there."""
    found = await find_order(deps.db, order)
    assert found is not None
    return found


@pytest.fixture
async def bought(deps: Deps, clock: StoppedClock) -> Purchase:
    """Place a paid order, at the moment of its payment."""
    one = purchase()
    await say(deps, one, COMPLETED, PAID)
    clock.moment = (await present(deps, one.session))["paid_at"]
    return one


@pytest.fixture
def mailer() -> Mailer:
    """Return a mailer that takes every letter."""
    return Mailer()


@pytest.fixture
def till() -> StripeApi:
    """Return the Stripe that gives money back."""
    return StripeApi()


@pytest.fixture
def worker(deps: Deps, mailer: Mailer, till: StripeApi) -> WorkDeps:
    """Build a mail worker. Money of an order that failed goes back after a day."""
    settings = msgspec.structs.replace(deps.settings, refund_after_s=86400.0)
    return replace(working(deps, mailer, till), settings=settings)


async def alerts(deps: Deps, kind: str) -> int:
    """Return the number of events of a kind that operators are to be told."""
    return await deps.db.alerts.count_documents({"kind": kind})


async def test_an_overdue_order_is_told_once(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Not before its time; then eight messages and sweeps bring one alert and one letter, and that is all."""
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == []
    clock.forward(PROMISE_S)
    await sweep_once(worker, Watch(clock))
    assert "check_promise" in {message["actor_name"] for message in messages(worker, "bundle")}
    await asyncio.gather(*(run_errand(worker, "check_promise", bought.session) for _ in range(8)))
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, await alerts(worker, "overdue")) == (["delay"], 1)
    assert "check_promise" not in (await present(worker, bought.session))["errands"]


@pytest.mark.parametrize("word", [WHOLE, DISPUTED])
async def test_nobody_is_told_of_the_delay_of_what_is(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, word: Word
) -> None:
    """Refunded and disputed orders are late for nobody."""
    await say(worker, bought, word)
    clock.forward(PROMISE_S)
    await run_errand(worker, "check_promise", bought.session)
    assert ("delay" in mailer.kinds, await alerts(worker, "overdue")) == (False, 0)


async def test_what_is_finished_at_the_last_moment_is_not_late(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Reports that are stored, and not mailed yet, are no delay."""
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"stored_at": clock.now()}})
    clock.forward(PROMISE_S)
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, await alerts(worker, "overdue")) == ([], 0)


async def test_a_failure_is_told_when_nobody_mended_it(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """After half an hour, once; the order is overdue as well, of which its customer hears no second time."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    clock.forward(1799)
    await run_errand(worker, "tell_failure", bought.session)
    assert mailer.kinds == []
    clock.forward(1)
    await asyncio.gather(*(run_errand(worker, "tell_failure", bought.session) for _ in range(8)))
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, await alerts(worker, "overdue")) == (["failure"], 1)
    assert "tell_failure" not in (await present(worker, bought.session))["errands"]


async def test_a_failure_that_was_mended_is_not_told(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: StripeApi
) -> None:
    """What goes on is neither mourned nor refunded, and late at most."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    await release_operator(worker.db, bought.session, DEAD)
    clock.forward(100_000)
    overdue: tuple[Errand, ...] = ("tell_failure", "refund_order", "check_promise")
    for errand in overdue:
        await run_errand(worker, errand, bought.session)
    assert (mailer.kinds, till.keys) == (["delay"], [])


async def test_what_nobody_mends_is_refunded_by_the_settings(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: StripeApi
) -> None:
    """When REFUND_AFTER_S is over, and not before: once at Stripe, one letter, on the record."""
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    clock.forward(86399)
    await run_errand(worker, "refund_order", bought.session)
    assert (till.keys, mailer.kinds) == ([], [])
    clock.forward(1)
    await run_errand(worker, "refund_order", bought.session)
    await run_errand(worker, "refund_order", bought.session)
    order = await present(worker, bought.session)
    assert (till.keys, mailer.kinds) == ([f"refund-{bought.session}"], ["refund"])
    assert "19.00 USD" in mailer.letters[0].text
    assert (order_state(order, []), order["attention"], order["amount_refunded"]) == ("refunded", None, 1900)
    (action,) = await worker.db.audit.find().to_list()
    assert (action["who"], action["reason"]) == ("REFUND_AFTER_S", DEAD)


async def test_without_the_setting_an_operator_decides(
    deps: Deps, clock: StoppedClock, bought: Purchase, till: StripeApi
) -> None:
    """Nothing is given back that nobody asked for."""
    await fail_order(deps.db, bought.session, DEAD, clock.now())
    clock.forward(10**7)
    await run_errand(working(deps, stripe=till), "refund_order", bought.session)
    assert (till.keys, (await present(deps, bought.session))["letter"]) == ([], None)


async def test_a_till_that_is_away_is_waited_for(
    worker: WorkDeps, bought: Purchase, mailer: Mailer, till: StripeApi
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
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer, till: StripeApi
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
    worker: WorkDeps, bought: Purchase, mailer: Mailer, till: StripeApi
) -> None:
    """Replayed, it has another key: for a day Stripe answers the old one with the old refusal."""
    await begin_refund(worker, bought.session, BY)
    till.trouble = StripeRefusesUs("Stripe refused the request: balance_insufficient.")
    await run_errand(worker, "refund_order", bought.session)
    till.trouble = None
    assert await retry_order(worker, bought.session, BY) == []
    await run_errand(worker, "refund_order", bought.session)
    assert (till.keys, mailer.kinds) == ([f"refund-{bought.session}-1"], ["refund"])


async def test_an_order_that_lacks_something_and_failed_is_told_as_well(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """What is missing is not asked for while there is an objection, so its customer must hear of that."""
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"missing": ["question"]}})
    await fail_order(worker.db, bought.session, "The session's price is not that of life_clarity.", clock.now())
    clock.forward(worker.settings.failure_letter_after_s)
    await run_errand(worker, "tell_failure", bought.session)
    assert mailer.kinds == ["failure"]


async def test_a_disputed_order_is_told_when_the_dispute_is_over(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """While the bank decides no letter about delay or failure goes out, and neither is forgotten."""
    await say(worker, bought, DISPUTED)
    clock.forward(PROMISE_S)
    await run_errand(worker, "check_promise", bought.session)
    assert (mailer.kinds, "check_promise" in (await present(worker, bought.session))["errands"]) == ([], True)
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"on_hold": False}})
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == ["delay"]
    await fail_order(worker.db, bought.session, DEAD, clock.now())
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": {"on_hold": True}})
    clock.forward(worker.settings.failure_letter_after_s)
    await run_errand(worker, "tell_failure", bought.session)
    assert (mailer.kinds, "tell_failure" in (await present(worker, bought.session))["errands"]) == (
        ["delay"],
        True,
    )


async def test_a_refund_on_stripes_own_pages_is_told(
    worker: WorkDeps, bought: Purchase, mailer: Mailer, till: StripeApi
) -> None:
    """However often its event comes there is one letter; a part that is given back is no end of an order."""
    await say(worker, bought, PART)
    assert (await present(worker, bought.session))["letter"] is None
    await say(worker, bought, WHOLE, WHOLE)
    await asyncio.gather(*(run_errand(worker, "refund_order", bought.session) for _ in range(4)))
    await say(worker, bought, WHOLE)
    await run_errand(worker, "refund_order", bought.session)
    assert (mailer.kinds, till.keys) == (["refund"], [])


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
        ({"_id": "cs_other"}, "no order"),
    ],
)
async def test_what_cannot_be_refunded(deps: Deps, bought: Purchase, facts: Document, why: str) -> None:
    """The operator is told why, and nothing is on record."""
    order = bought.session if "_id" not in facts else str(facts["_id"])
    await deps.db.orders.update_one({"_id": order}, {"$set": facts})
    with pytest.raises(RefundIsImpossible, match=why):
        await begin_refund(deps, order, BY)
    assert await deps.db.audit.count_documents({}) == 0


async def test_the_promise_begins_anew_with_the_last_answer(
    worker: WorkDeps, clock: StoppedClock, bought: Purchase, mailer: Mailer
) -> None:
    """Who takes two days to fill in a form is not told that we are late."""
    filled = {"filled_at": clock.now() + timedelta(days=2)}
    await worker.db.orders.update_one({"_id": bought.session}, {"$set": filled})
    clock.forward(timedelta(days=2).total_seconds() + PROMISE_S - 1)
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == []
    clock.forward(1)
    await run_errand(worker, "check_promise", bought.session)
    assert mailer.kinds == ["delay"]
