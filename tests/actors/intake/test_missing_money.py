"""Money that no event told of: prices and lists that Stripe is asked for, and the days before the first start."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from actors.deps.process import Deps
from actors.intake.events import OTHER_MODE
from actors.intake.explain import why_unknown
from actors.intake.fetch_session import fetch_session
from actors.intake.reconcile import Finding, reconcile
from actors.sweep.orders import apply_left_events
from actors.sweep.sweep import sweep_for_ever
from infra.errors import TransientError
from storage.events import new_event, record_events
from storage.installation import first_start
from storage.tallies import add_refused
from tests.actors.builders import KIND, ORDER, messages, place, present, session, working
from tests.actors.intake.foreign import (
    ANSWERS,
    EVENT,
    FOREIGN,
    OTHERS,
    REFUND,
    SOLD,
    hear,
    outcome,
    priced,
    told,
)
from tests.actors.intake.stripes_records import Records
from tests.actors.vendors import Nobody, StripeApi
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def reconciled(deps: Deps, records: Records, *, dry_run: bool = False) -> list[Finding]:
    """Return the findings of a reconciliation of the last day."""
    since = deps.clock.now() - timedelta(days=1)
    return await reconcile(deps, records, since, dry_run=dry_run)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_the_money_of_other_shops_is_never_missing(deps: Deps, dry_run: bool) -> None:
    """Neither their sessions nor their refunds are found, placed or told of."""
    other = session(metadata=OTHERS, livemode=False, created=1, **priced("pro_monthly"))
    bare = json.loads(told(KIND, session(metadata=OTHERS, id="cs_2")))
    returned = json.loads(told("charge.refunded", REFUND, "evt_2"))
    assert await reconciled(deps, Records([other], [bare, returned]), dry_run=dry_run) == []
    assert await deps.db.orders.count_documents({}) == 0
    assert await deps.db.events.distinct("state") == ([] if dry_run else ["ignored"])


class Away(Nobody):
    """Stripe that does not answer."""

    async def session(self, session_id: str) -> dict[str, Any]:
        """Fail."""
        raise TransientError(session_id)


async def test_a_price_is_asked_for_until_stripe_tells_it(deps: Deps, clock: StoppedClock) -> None:
    """A message that is lost, or a Stripe that is away, loses no order: the sweep has it asked for again."""
    await hear(deps, KIND, session(metadata=ANSWERS))
    for _ in range(2):
        deps.broker.client.flushdb()
        await apply_left_events(deps)
        assert messages(deps, "bundle") == []
        clock.forward(61)
        await apply_left_events(deps)
        assert [one["actor_name"] for one in messages(deps, "bundle")] == ["fetch_session"]
        with pytest.raises(TransientError):
            await fetch_session(working(deps, stripe=Away()), EVENT)
        assert await outcome(deps) == FOREIGN
    await fetch_session(
        working(deps, stripe=StripeApi(session(metadata=ANSWERS, **priced("life_clarity")))), EVENT
    )
    assert (await outcome(deps))[0] == "applied"
    clock.forward(61)
    deps.broker.client.flushdb()
    await apply_left_events(deps)
    assert messages(deps, "bundle") == []


async def test_a_price_of_ours_is_found_in_stripes_list(deps: Deps) -> None:
    """A session that no event told of is placed by its price."""
    listed = session(metadata=ANSWERS, livemode=False, created=1, **priced("life_clarity"))
    assert [one.id for one in await reconciled(deps, Records([listed]))] == [ORDER]
    assert (await present(deps))["product"] == "life_clarity"
    assert await reconciled(deps, Records([listed])) == []


async def test_the_sweep_looks_at_nothing_from_before_the_first_start(deps: Deps, clock: StoppedClock) -> None:
    """What Stripe has of earlier days was fulfilled elsewhere. Each later look goes back three days at most."""
    began, records, stopping = clock.now(), Records(), asyncio.Event()
    sweeping = asyncio.create_task(sweep_for_ever(deps, records, 2.0, stopping))
    try:
        async with asyncio.timeout(60):
            while not records.asked or records.asked[-1] <= began:
                await asyncio.sleep(0.01)
                clock.forward(3600)
    finally:
        stopping.set()
        await sweeping
    assert records.asked[0] == began
    assert await first_start(deps.db, clock.now()) == began


async def test_an_installation_that_has_orders_was_started_before_the_first(
    deps: Deps, clock: StoppedClock
) -> None:
    """A deploy that begins to record the first start does not forget what came shortly before it."""
    placed_at = (await place(deps))["placed_at"]
    clock.forward(86400)
    assert await first_start(deps.db, clock.now()) == placed_at


async def test_an_order_that_came_after_the_start_does_not_put_it_off(deps: Deps, clock: StoppedClock) -> None:
    """What was missed before the first order was placed is looked for, too."""
    began = clock.now()
    clock.forward(300)
    await place(deps)
    assert await first_start(deps.db, began) == began


async def explained(deps: Deps, records: Records) -> dict[str, str]:
    """Return the cause of each finding of a dry run, by its id."""
    return {one.id: one.why for one in await reconciled(deps, records, dry_run=True)}


async def test_each_difference_has_its_cause(deps: Deps, clock: StoppedClock) -> None:
    """What waits in the inbox, failed, came unpaid, is of the other mode or never came is told apart."""
    now = int(clock.now().timestamp())
    mine = {"metadata": SOLD, "livemode": False, "created": now, **priced("life_clarity")}
    sold = [session(id=f"cs_{name}", **mine) for name in ("new", "failed", "unpaid", "never")]
    for state, reason in (("new", None), ("failed", "ValidationError")):
        came = new_event(f"evt_{state}", KIND, b"{}", clock.now(), [f"cs_{state}"])
        await record_events(deps.db, [{**came, "state": state, "reason": reason}])  # type: ignore[typeddict-item]
    await place(deps, id="cs_unpaid", payment_status="unpaid")
    other = session(id="cs_live", **{**mine, "livemode": True})
    whys = await explained(deps, Records([*sold, other]))
    assert "waits in the inbox" in whys["cs_new"]
    assert "is a dead letter: ValidationError" in whys["cs_failed"]
    assert whys["cs_unpaid"] == "Its order is here, unpaid."
    assert whys["cs_never"].startswith("No event about it came: nothing of it reached the webhook.")
    assert whys["cs_live"] == f"Fetched, it will be ignored: {OTHER_MODE}"


async def test_what_the_webhook_refused_meanwhile_is_told(deps: Deps, clock: StoppedClock) -> None:
    """Of old events Stripe's tries are over; those of before the first start are another installation's."""
    await add_refused(deps.db, 3, clock.now())
    ago = timedelta(days=4)
    facts = {"metadata": SOLD, "livemode": False, **priced("life_clarity")}
    old = session(id="cs_old", created=int((clock.now() - ago).timestamp()), **facts)
    records = Records([old], charged_at=clock.now() - ago)
    assert "has refused 3 requests since. Stripe will not" in (await explained(deps, records))["cs_old"]
    await first_start(deps.db, clock.now())
    assert "older than this installation" in (await explained(deps, records))["cs_old"]


async def test_the_money_of_other_shops_is_told_apart(deps: Deps) -> None:
    """A session that names nothing of ours, and a refund of a payment without an order, have their cause."""
    other = session(id="cs_other", metadata=OTHERS, livemode=False, created=1, **priced("pro_monthly"))
    returned = json.loads(told("charge.refunded", REFUND, "evt_2"))
    foreign: list[Finding] = []
    since = deps.clock.now() - timedelta(days=1)
    records = Records([other], [returned])
    await reconcile(deps, records, since, dry_run=True, foreign=foreign)
    assert {one.id: one.why for one in foreign} == {
        "evt_2": "No order here was paid by that payment.",
        "cs_other": "It names no product, brand or price of ours.",
    }
    named = replace(deps, settings=msgspec.structs.replace(deps.settings, installation="north"))
    foreign.clear()
    south = session(id="cs_south", metadata={"installation": "south"}, livemode=False, created=1)
    records = Records([south, {**other, "id": "cs_none"}])
    await reconcile(named, records, since, dry_run=True, foreign=foreign)
    assert [one.why for one in foreign] == ["It is of the installation south.", "It does not bear the name north."]


async def test_an_order_that_stripe_does_not_know_has_its_source_told(deps: Deps) -> None:
    """The event that placed it is named; one of the other mode, or without an event, is told apart."""
    sources: dict[str, Any] = {"cs_1": {"livemode": False}, "cs_2": {"livemode": True}}
    for order, body in sources.items():
        raw = json.dumps(body).encode()
        await record_events(deps.db, [new_event(f"evt_{order}", KIND, raw, deps.clock.now(), [order])])
    signed, mode, none = await why_unknown(deps, ["cs_1", "cs_2", "cs_3"])
    assert signed.startswith("evt_cs_1, which came on ")
    assert "other mode" in mode
    assert none.startswith("No event about it is kept")
