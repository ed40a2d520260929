"""When an order was paid: hours after its checkout began, as its event or its charge says."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.intake.reconcile import place_session, reconcile
from infra.stripe.client import KeyMayNot, StripeIsDown
from tests.actors.builders import ORDER, apply, event, place, present, session
from tests.actors.intake.stripes_records import Records
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


def opened(clock: StoppedClock, **facts: object) -> dict[str, Any]:
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
    await reconcile(deps, records, clock.now() - timedelta(days=1), dry_run=False)
    assert (await present(deps))["paid_at"] == charged_at
    assert (await present(deps, "cs_free"))["paid_at"] == clock.now() - timedelta(minutes=25)


async def test_a_session_whose_charge_stripe_does_not_show_is_placed_all_the_same(
    deps: Deps, clock: StoppedClock
) -> None:
    """A key may not read charges. That costs the exact time of one payment, and not the others' orders."""

    class Closed(Records):
        async def charge(self, intent: str) -> dict[str, Any]:
            raise KeyMayNot(intent)

    records = Closed([opened(clock), opened(clock, id="cs_2")])
    await reconcile(deps, records, clock.now() - timedelta(days=1), dry_run=False)
    paid_at = {order["paid_at"] async for order in deps.db.orders.find()}
    assert paid_at == {clock.now() - timedelta(minutes=25)}
    assert await deps.db.orders.count_documents({}) == 2


async def test_a_charge_that_cannot_be_asked_for_holds_up_no_order(deps: Deps, clock: StoppedClock) -> None:
    """Stripe may not answer about one: the others' payments are dated, and all orders are placed."""

    class Slow(Records):
        async def charge(self, intent: str) -> dict[str, Any]:
            if intent == "pi_2":
                raise StripeIsDown(intent)
            return await super().charge(intent)

    charged_at = clock.now() - timedelta(minutes=5)
    records = Slow([opened(clock), opened(clock, id="cs_2", payment_intent="pi_2")], charged_at=charged_at)
    await reconcile(deps, records, clock.now() - timedelta(days=1), dry_run=False)
    assert (await present(deps))["paid_at"] == charged_at
    assert (await present(deps, "cs_2"))["paid_at"] == clock.now() - timedelta(minutes=25)


async def test_the_charges_of_many_sessions_are_asked_for_a_few_at_once(deps: Deps, clock: StoppedClock) -> None:
    """A hundred one after another would keep their orders waiting for half a minute; all at once are a flood."""

    class Counting(Records):
        now, most, several = 0, 0, asyncio.Event()

        async def charge(self, intent: str) -> dict[str, Any]:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == 4:
                self.several.set()
            await self.several.wait()
            await asyncio.sleep(0)  # so that others may begin meanwhile
            self.now -= 1
            return await super().charge(intent)

    records = Counting([opened(clock, id=f"cs_{nth}", payment_intent=f"pi_{nth}") for nth in range(9)])
    async with asyncio.timeout(60):
        await reconcile(deps, records, clock.now() - timedelta(days=1), dry_run=False)
    assert await deps.db.orders.count_documents({"paid_at": records.charged_at}) == 9
    assert records.most == 4


async def test_a_debit_that_a_reconciliation_finds_paid_was_paid_just_now(deps: Deps, clock: StoppedClock) -> None:
    """Its charge is as old as its checkout, so that its promise would be broken before it began."""
    await place(deps, payment_status="unpaid")
    await reconcile(deps, Records([opened(clock)]), clock.now() - timedelta(days=1), dry_run=False)
    assert (await present(deps))["paid_at"] == clock.now()


async def test_an_arrival_before_the_payment_does_not_hide_it(deps: Deps, clock: StoppedClock) -> None:
    """The session is recorded as paid, too, so that a crash in the middle of it leaves an event to apply."""
    await place_session(deps, opened(clock, payment_status="unpaid"))
    await place_session(deps, opened(clock))
    assert await deps.db.events.count_documents({"state": "applied"}) == 2
    assert await deps.db.reports.count_documents({}) == 1
