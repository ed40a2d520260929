"""When an order was paid: hours or days after its checkout began, as its charge says, or no event tells of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from actors.deps.process import Deps
from actors.intake.reconcile import place_session, reconcile
from actors.orders.errands import run_errand
from tests.actors.builders import ORDER, alerts, apply, event, place, present, session, working
from tests.actors.intake.stripes_records import Records
from tests.actors.vendors import StripeApi
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

MONTH = timedelta(days=30)


def opened(clock: StoppedClock, **facts: object) -> dict[str, object]:
    """Return a session whose payment page stood open for 25 minutes."""
    return session(created=int((clock.now() - timedelta(minutes=25)).timestamp()), **facts)


async def test_an_arrival_without_an_event_was_paid_just_now(deps: Deps, clock: StoppedClock) -> None:
    """The promise does not run while the payment page stands open; the event itself, once it comes, dates it."""
    await place_session(deps, opened(clock))
    assert (await present(deps))["paid_at"] == clock.now()
    paid_at = clock.now() - timedelta(seconds=30)
    told = {**json.loads(event(ORDER)), "created": int(paid_at.timestamp())}
    await apply(deps, json.dumps(told).encode())
    assert (await present(deps))["paid_at"] == paid_at


async def test_a_session_that_no_event_told_of_was_paid_when_its_charge_says(
    deps: Deps, clock: StoppedClock
) -> None:
    """Its page may have stood open for a day before; one that cost nothing has no charge."""
    charged_at = clock.now() - timedelta(minutes=5)
    records = Records([opened(clock), opened(clock, id="cs_free", payment_intent=None)], charged_at=charged_at)
    await reconcile(deps, records, clock.now() - timedelta(days=1), dry_run=False, progress=lambda *_: None)
    assert (await present(deps))["paid_at"] == charged_at
    assert (await present(deps, "cs_free"))["paid_at"] == clock.now() - timedelta(minutes=25)


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


async def test_a_payment_that_never_comes_ends_its_order(deps: Deps, clock: StoppedClock) -> None:
    """After a month it is cancelled, and forgotten as others are: nobody waits for it."""
    await place(deps, payment_status="unpaid")
    clock.forward(MONTH.total_seconds())
    api = StripeApi(session(payment_status="unpaid"))
    await run_errand(working(deps, stripe=api), "check_payment", ORDER)
    order = await present(deps)
    assert (order["ended_at"], sorted(order["errands"])) == (clock.now(), ["retire_order"])
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"errands.check_payment": datetime.now(UTC)}})
    await run_errand(working(deps, stripe=api), "check_payment", ORDER)
    assert api.asked == 1
