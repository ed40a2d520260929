"""Payments that take days: Stripe is asked for those of which no event tells, and nobody is told of a failure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from infra.stripe.client import KeyMayNot
from storage.orders import fail_order
from storage.records.orders import Errand
from tests.actors.builders import ORDER, alerts, place, present, session, working
from tests.actors.post import Mailer
from tests.actors.vendors import Nobody, StripeApi, Till
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

QUARTER = timedelta(days=90)
REMEDIES: tuple[Errand, ...] = ("tell_failure", "refund_order")


class Closed(Nobody):
    """Stripe that does not let our key read sessions."""

    async def session(self, session_id: str) -> dict[str, Any]:
        """Refuse."""
        raise KeyMayNot(session_id)


async def test_a_bank_debit_whose_event_never_comes_is_asked_for(deps: Deps, clock: StoppedClock) -> None:
    """Stripe is asked daily from the third day on; the order begins, and an operator hears why it is late."""
    await place(deps, payment_status="unpaid")
    assert (await present(deps))["errands"] == {"check_payment": clock.now() + timedelta(days=3)}
    clock.forward(3 * 86400)
    await run_errand(working(deps, stripe=StripeApi(session(payment_status="unpaid"))), "check_payment", ORDER)
    assert (await present(deps))["errands"] == {"check_payment": clock.now() + timedelta(days=1)}
    await run_errand(working(deps, stripe=StripeApi(session())), "check_payment", ORDER)
    order = await present(deps)
    assert (order["paid_at"], "check_payment" in order["errands"]) == (clock.now(), False)
    assert (await deps.db.reports.count_documents({}), await alerts(deps, "reconcile")) == (1, 1)


async def test_a_stripe_that_refuses_to_say_fails_no_order(deps: Deps, clock: StoppedClock) -> None:
    """A key that is being changed, or another account's session: it is asked again, and nobody told."""
    await place(deps, payment_status="unpaid")
    clock.forward(3 * 86400)
    await run_errand(working(deps, stripe=Closed()), "check_payment", ORDER)
    order = await present(deps)
    assert (order["attention"], order["failed_at"]) == (None, None)
    assert order["errands"] == {"check_payment": clock.now() + timedelta(days=1)}


async def test_an_order_is_not_cancelled_that_stripe_has_never_called_unpaid(
    deps: Deps, clock: StoppedClock
) -> None:
    """A key that may not read sessions says nothing for months: an operator hears of it once, until it does."""
    await place(deps, payment_status="unpaid")
    clock.forward(QUARTER.total_seconds())
    for _ in range(2):
        await run_errand(working(deps, stripe=Closed()), "check_payment", ORDER)
        order = await present(deps)
        assert (order["ended_at"], order["errands"]) == (None, {"check_payment": clock.now() + timedelta(days=1)})
        (alert,) = await deps.db.alerts.find().to_list()
        assert (alert["kind"], len(alert["seen"])) == ("reconcile", 1)
        clock.forward(86400)
    await run_errand(working(deps, stripe=StripeApi(session(payment_status="unpaid"))), "check_payment", ORDER)
    assert ((await present(deps))["ended_at"], await alerts(deps, "reconcile")) == (clock.now(), 0)


async def test_an_order_that_nobody_has_paid_for_is_told_of_no_failure(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """There is no money to give back, and nothing that was promised."""
    await place(deps, payment_status="unpaid")
    await fail_order(deps.db, ORDER, "An operator looks at it.", clock.now())
    clock.forward(2 * 86400)
    for errand in REMEDIES:
        await run_errand(worker, errand, ORDER)
    assert (mailer.kinds, (await present(deps))["letter"]) == ([], None)


async def test_a_failure_before_the_payment_hides_none_after_it(
    deps: Deps, worker: WorkDeps, mailer: Mailer, till: Till, clock: StoppedClock
) -> None:
    """Once it is paid, its customer hears of the next failure, and has the money back by the settings."""
    await place(deps, payment_status="unpaid")
    await fail_order(deps.db, ORDER, "check_payment failed: KeyError.", clock.now())
    for errand in REMEDIES:
        await run_errand(worker, errand, ORDER)
    await place(deps)
    await fail_order(deps.db, ORDER, "life_clarity: write-x is dead: no.", clock.now())
    clock.forward(86400)
    for errand in REMEDIES:
        await run_errand(worker, errand, ORDER)
    assert (mailer.kinds, till.refunds) == (["failure", "refund"], 1)


async def test_a_payment_that_never_comes_ends_its_order(deps: Deps, clock: StoppedClock) -> None:
    """In the end it is cancelled, and forgotten as others are: nobody waits for it."""
    await place(deps, payment_status="unpaid")
    clock.forward(QUARTER.total_seconds())
    api = StripeApi(session(payment_status="unpaid"))
    await run_errand(working(deps, stripe=api), "check_payment", ORDER)
    order = await present(deps)
    assert (order["ended_at"], sorted(order["errands"])) == (clock.now(), ["retire_order"])
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"errands.check_payment": datetime.now(UTC)}})
    await run_errand(working(deps, stripe=api), "check_payment", ORDER)
    assert api.asked == 1
