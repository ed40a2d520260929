"""Whose money it is: on an account that several shops share, only what was sold here is fulfilled."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event, subjects_of
from actors.intake.fetch_session import fetch_session
from actors.intake.reconcile import Finding, reconcile
from actors.orders.errands import run_errand
from actors.sweep.orders import apply_left_events
from actors.sweep.sweep import sweep_for_ever
from infra.errors import TransientError
from infra.stripe.client import Purchase, Stripe
from storage.answers import keep_answers
from storage.events import find_event, new_event, record_events
from storage.installation import first_start
from storage.order_state import attention_of
from storage.orders import find_order
from storage.records.orders import Order
from tests.actors.builders import KIND, ORDER, event, messages, place, present, session, working
from tests.actors.post import Mailer
from tests.actors.vendors import Nobody, StripeApi
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

ANSWERS = {"name": "Ada", "question": "Whither?"}
SOLD = {"product": "life_clarity", **ANSWERS}
OTHERS = {"invoice": "7"}
EVENT = "evt_1"


def priced(lookup_key: str | None) -> dict[str, Any]:
    """Return line items of that price, as Stripe shows them where it is asked."""
    return {"line_items": {"data": [{"price": {"lookup_key": lookup_key}}]}}


def told(kind: str, shown: dict[str, Any], event_id: str = EVENT) -> bytes:
    """Return an event about an object, as Stripe sends it."""
    return json.dumps(
        {**json.loads(event(ORDER)), "id": event_id, "type": kind, "data": {"object": shown}}
    ).encode()


async def hear(deps: Deps, kind: str, shown: dict[str, Any], event_id: str = EVENT) -> None:
    """Take an event as the webhook does."""
    raw = told(kind, shown, event_id)
    about = subjects_of(json.loads(raw))
    await record_events(deps.db, [new_event(event_id, kind, raw, deps.clock.now(), about)])
    await finish_events(deps, await apply_events(deps, [Event(event_id, kind, raw)]))


async def outcome(deps: Deps, event_id: str = EVENT) -> tuple[str, str | None]:
    """Return the state of an event, and its reason."""
    found = await find_event(deps.db, event_id)
    assert found is not None
    return found["state"], found.get("reason")


async def order_of(deps: Deps) -> Order | None:
    """Return the order of the session, if there is one."""
    return await find_order(deps.db, ORDER)


def marked(deps: Deps, name: str = "north") -> Deps:
    """Return the deps of an installation of that name."""
    return replace(deps, settings=msgspec.structs.replace(deps.settings, installation=name))


FOREIGN = ("ignored", "Nothing in it is ours.")


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
    await keep_answers(deps.db, "form-1", "life_clarity", ANSWERS, deps.clock.now())
    await hear(deps, KIND, session(metadata=OTHERS, client_reference_id="form-1"))
    assert attention_of(await present(deps)) == "The session names no product that is sold here."


async def test_later_news_of_an_order_that_was_forgotten_is_ours(deps: Deps) -> None:
    """A session whose order is known is ours, even when its form is gone."""
    await keep_answers(deps.db, "form-1", "life_clarity", ANSWERS, deps.clock.now())
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
    await keep_answers(deps.db, "form-1", "life_clarity", ANSWERS, deps.clock.now())
    await hear(marked(deps), KIND, session(metadata={"product": "life_clarity"}, client_reference_id="form-1"))
    assert (await present(deps))["objection"] is None


async def test_our_own_checkout_carries_the_mark(deps: Deps) -> None:
    """The shop's sessions are known by the installation's name, which they carry beside the product."""
    stripe = Stripe(marked(deps).settings)
    purchase = Purchase(
        "form-1", "life_clarity", "Life Clarity", 1900, "usd", "https://a.example/", "https://a.example/"
    )
    url = await stripe.open_checkout(purchase)
    assert (await stripe.session(url.rpartition("/")[2]))["metadata"] == {
        "product": "life_clarity",
        "installation": "north",
    }


DISPUTE = {"id": "dp_1", "payment_intent": "pi_1", "status": "needs_response"}
REFUND = {"id": "ch_1", "payment_intent": "pi_1", "amount": 1900, "amount_refunded": 1900, "refunded": True}


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


@dataclass
class Records:
    """Records of Stripe: these events and sessions, and the times from which they were asked for."""

    sessions: Sequence[dict[str, Any]] = ()
    events: Sequence[dict[str, Any]] = ()
    asked: list[datetime] = field(default_factory=list)

    async def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the events."""
        assert kinds
        self.asked.append(datetime.fromtimestamp(since).astimezone())
        for one in self.events:
            yield one

    async def complete_sessions(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the sessions."""
        assert since
        for one in self.sessions:
            yield one


async def reconciled(deps: Deps, records: Records, *, dry_run: bool = False) -> list[Finding]:
    """Return the findings of a reconciliation of the last day."""
    since = deps.clock.now() - timedelta(days=1)
    return await reconcile(deps, records, since, dry_run=dry_run, progress=lambda *_: None)


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
