"""Whose money it is: on an account that several shops share, only what was sold here is fulfilled."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.intake.fetch_session import fetch_session
from actors.orders.errands.registry import run_errand
from actors.sweep.orders import apply_left_events
from infra.stripe.client import Purchase, Stripe
from storage.forms import keep_form
from storage.order_state import attention_of
from tests.actors.builders import KIND, ORDER, messages, place, present, session, working
from tests.actors.intake.foreign import (
    ANSWERS,
    EVENT,
    FOREIGN,
    OTHERS,
    REFUND,
    SOLD,
    hear,
    marked,
    order_of,
    outcome,
    priced,
)
from tests.actors.post import Mailer
from tests.actors.vendors import StripeApi
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def test_money_back_for_no_payment_is_left_alone_with_the_reason(deps: Deps) -> None:
    """Charges of old have no payment intent, and no order of ours can have caused one."""
    await hear(deps, "charge.refunded", {**REFUND, "payment_intent": None})
    assert await outcome(deps) == ("ignored", "It names no payment.")


@pytest.mark.parametrize("price", [None, "pro_monthly"])
async def test_a_session_with_a_price_of_another_shop_is_left_alone(
    deps: Deps, clock: StoppedClock, price: str | None
) -> None:
    """Stripe is asked for the price once, and nothing follows: no order, no alert, no further message."""
    await hear(deps, KIND, session(metadata=OTHERS))
    assert [one["actor_name"] for one in messages(deps, "bundle")] == ["fetch_session"]
    assert await outcome(deps) == FOREIGN
    deps.broker.client.flushdb()
    await fetch_session(working(deps, stripe=StripeApi(session(metadata=OTHERS, **priced(price)))), EVENT)
    assert (await outcome(deps), await order_of(deps)) == (FOREIGN, None)
    clock.forward(120)
    await apply_left_events(deps)
    assert (messages(deps, "bundle"), await deps.db.alerts.count_documents({})) == ([], 0)


async def test_a_session_with_a_price_of_ours_is_placed(deps: Deps) -> None:
    """The price's lookup key names the product, which the event does not show."""
    await hear(deps, KIND, session(metadata=ANSWERS))
    assert await order_of(deps) is None
    await fetch_session(
        working(deps, stripe=StripeApi(session(metadata=ANSWERS, **priced("life_clarity")))), EVENT
    )
    assert (await outcome(deps))[0] == "applied"
    assert (await present(deps))["product"] == "life_clarity"
    assert await deps.db.reports.count_documents({}) == 1


async def test_an_unknown_price_beside_the_answers_of_a_report_needs_a_person(deps: Deps) -> None:
    """A mistyped lookup key in a shop of ours is no money of another's."""
    await hear(deps, KIND, session(metadata=ANSWERS, **priced("life_clartiy")))
    assert attention_of(await present(deps)) == "The session names no product that is sold here."


async def test_a_session_of_our_form_is_ours_whatever_it_lacks(deps: Deps) -> None:
    """The answers under its reference say so."""
    await keep_form(deps.db, "form-1", "life_clarity", ANSWERS, deps.clock.now())
    await hear(deps, KIND, session(metadata=OTHERS, client_reference_id="form-1"))
    assert attention_of(await present(deps)) == "The session names no product that is sold here."


async def test_later_news_of_an_order_that_was_forgotten_is_ours(deps: Deps) -> None:
    """A session whose order is known is ours, even when its form is gone."""
    await keep_form(deps.db, "form-1", "life_clarity", ANSWERS, deps.clock.now())
    shown = session(metadata=OTHERS, client_reference_id="form-1")
    await hear(deps, KIND, shown)
    await deps.db.answers.delete_many({})
    await hear(deps, "checkout.session.async_payment_succeeded", shown, "evt_2")
    assert (await outcome(deps, "evt_2"))[0] == "applied"


async def test_a_named_installation_takes_its_own_sessions_alone(deps: Deps) -> None:
    """Of two installations with the same products on one account, each fulfils what carries its mark."""
    north = marked(deps)
    await hear(north, KIND, session(metadata={**SOLD, "installation": "south"}))
    await hear(north, KIND, session(metadata=SOLD), "evt_2")
    assert [await outcome(deps), await outcome(deps, "evt_2"), await order_of(deps)] == [FOREIGN, FOREIGN, None]
    assert messages(deps, "bundle") == []
    await hear(north, KIND, session(metadata={**SOLD, "installation": "north"}), "evt_3")
    assert (await present(deps))["objection"] is None


async def test_what_carries_our_mark_and_an_unknown_product_needs_a_person(deps: Deps) -> None:
    """It was sold for us, and cannot be made."""
    await hear(marked(deps), KIND, session(metadata={"installation": "north"}))
    assert attention_of(await present(deps)) == "The session names no product that is sold here."


async def test_a_session_of_our_form_from_before_the_name_is_ours(deps: Deps) -> None:
    """The name may be set while sessions of our form are open."""
    await keep_form(deps.db, "form-1", "life_clarity", ANSWERS, deps.clock.now())
    await hear(marked(deps), KIND, session(metadata={"product": "life_clarity"}, client_reference_id="form-1"))
    assert (await present(deps))["objection"] is None


async def test_our_own_checkout_carries_the_mark(deps: Deps) -> None:
    """The shop's sessions are known by the installation's name, which they carry beside the product."""
    stripe = Stripe(marked(deps).settings)
    purchase = Purchase(
        "form-1", "life_clarity", "Life Clarity", 1900, "usd", "https://a.example/", "https://a.example/"
    )
    till = await stripe.open_checkout(purchase)
    assert (await stripe.session(till.session))["metadata"] == {
        "product": "life_clarity",
        "installation": "north",
    }


DISPUTE = {"id": "dp_1", "payment_intent": "pi_1", "status": "needs_response"}


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("charge.dispute.created", DISPUTE), ("charge.refunded", REFUND)],
    ids=["dispute", "refund"],
)
async def test_returns_of_other_shops_are_left_alone_and_may_turn_out_ours(
    deps: Deps, kind: str, shown: dict[str, Any]
) -> None:
    """Without an order nobody is told. The fact is kept, and holds for an order that comes later."""
    await hear(deps, kind, shown)
    assert (await outcome(deps), await deps.db.alerts.count_documents({})) == (FOREIGN, 0)
    order = await place(deps, payment_intent="pi_1")
    assert order["on_hold"] or order["stopped"]
    assert await outcome(deps) == ("applied", None)


@pytest.fixture
def mailer() -> Mailer:
    """Return a mailer that takes every letter."""
    return Mailer()


@pytest.fixture
def worker(deps: Deps, mailer: Mailer) -> WorkDeps:
    """Build a mail worker of an installation that tells failures and refunds at once."""
    hasty = msgspec.structs.replace(deps.settings, failure_letter_after_s=1.0, refund_after_s=2.0)
    return replace(working(deps, mailer), settings=hasty)


async def run_all(worker: WorkDeps, clock: StoppedClock) -> None:
    """Run every errand of the order, again and again, for a day."""
    for _ in range(6):
        for errand in (await present(worker))["errands"]:
            if errand != "identify_order":
                await run_errand(worker, errand, ORDER)
        clock.forward(4 * 3600)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"metadata": {"product": "T-shirt"}}, id="unknown product"),
        pytest.param({"metadata": SOLD, "amount_subtotal": 5000}, id="wrong price"),
        pytest.param({"metadata": {**SOLD, "tenant": "x"}}, id="unknown tenant"),
    ],
)
async def test_what_may_be_another_shops_is_neither_mailed_nor_refunded(
    worker: WorkDeps, clock: StoppedClock, mailer: Mailer, facts: dict[str, Any]
) -> None:
    """An operator hears of it. Its customer does not, and no money moves, also when it goes back elsewhere."""
    await place(worker, **facts, payment_intent="pi_1")
    await run_all(worker, clock)
    assert await worker.db.alerts.distinct("kind") == ["needs_attention"]
    await hear(worker, "charge.refunded", REFUND, "evt_2")
    await run_all(worker, clock)
    assert (mailer.kinds, (await present(worker))["stopped"]) == ([], True)
