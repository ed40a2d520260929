"""An alert is open until it is settled, and none is swallowed, by a snooze no more than by a worker."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.alerts.tell_alert import tell_alert
from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.alerts import AlertCannotBe, settle_alert, snooze_alert
from actors.orders.promise import promised_at
from infra.errors import AccountTrouble
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.settings import read_settings
from storage.alerts import (
    claim_alert,
    close_alert,
    due_alerts,
    end_account_trouble,
    note_told,
    open_alerts,
    put_off_alert,
    raise_alert,
    settled_alerts,
    tell_account_trouble,
    withdraw_alert,
)
from storage.audit import Authority, actions_on
from tests.actors.builders import ORDER as PLACED
from tests.actors.builders import alerts, place, present, working
from tests.actors.post import Mailer, stored
from tests.conftest import StoppedClock
from tests.hook import Hook

pytestmark = pytest.mark.anyio

ORDER = "cs_settled"
OLGA = Authority("olga", "seen to")
DAY = timedelta(days=1)


@pytest.fixture
def teller(stack: Stack, deps: Deps, hook: Hook) -> WorkDeps:
    """Build a mail worker with an operator and a webhook of its own."""
    env = {"ALERT_MAIL": f"{uuid.uuid4().hex}@operator.example", "ALERT_WEBHOOK_URL": hook.url}
    settings = read_settings({**stack.env, **env})
    return replace(working(deps), settings=settings, mailer=transport_for(settings))


@pytest.fixture
async def told(teller: WorkDeps, clock: StoppedClock) -> str:
    """Raise an alert, and tell it. Returns its id."""
    await raise_alert(teller.db, "needs_attention", "It is odd.", clock.now(), order=ORDER)
    await tell_due(teller, clock)
    (alert,) = await open_alerts(teller.db, 9)
    return alert["_id"]


async def tell_due(teller: WorkDeps, clock: StoppedClock) -> None:
    """Tell the alerts that are due in a moment."""
    clock.forward(4)
    for alert in await due_alerts(teller.db, clock.now(), 9):
        await tell_alert(teller, alert["_id"])


def heard(stack: Stack, teller: WorkDeps, hook: Hook) -> tuple[int, int]:
    """Return how often the operator heard of the order: by mail, and by the webhook."""
    return len(stack.inbox.letters(to=teller.settings.alert_mail)), hook.posted(ORDER)


async def test_a_settled_alert_that_comes_again_is_told_again(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, told: str
) -> None:
    """It is open no more, and says who settled it; the same trouble opens it anew, and is told by every way."""
    await settle_alert(teller, told, OLGA)
    (settled,) = await settled_alerts(teller.db, 9)
    assert (await open_alerts(teller.db, 9), settled["who"], settled["why"]) == ([], "olga", "seen to")
    assert [act["action"] for act in await actions_on(teller.db, ORDER)] == ["settled"]
    await raise_alert(teller.db, "needs_attention", "It is odd.", clock.now(), order=ORDER)
    await tell_due(teller, clock)
    assert (len(await open_alerts(teller.db, 9)), heard(stack, teller, hook)) == (1, (2, 2))


async def test_a_snoozed_alert_is_told_again_at_the_end_and_not_before(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, told: str
) -> None:
    """The same trouble is not told meanwhile, however often it is met; then it is told by every way once more."""
    await snooze_alert(teller, told, clock.now() + DAY, OLGA)
    for _ in range(3):
        clock.forward(3600)
        await raise_alert(teller.db, "needs_attention", "It is odd.", clock.now(), order=ORDER)
        await tell_due(teller, clock)
    assert heard(stack, teller, hook) == (1, 1)
    clock.forward(DAY.total_seconds())
    await tell_due(teller, clock)
    await tell_due(teller, clock)
    (alert,) = await open_alerts(teller.db, 9)
    assert (heard(stack, teller, hook), alert["state"], "snoozed_until" in alert) == ((2, 2), "told", False)


async def test_other_trouble_ends_a_snooze(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, told: str
) -> None:
    """A snooze is for what was known: another text of the kind is told as if there was none."""
    await snooze_alert(teller, told, clock.now() + DAY, OLGA)
    await raise_alert(teller.db, "needs_attention", "It is odder.", clock.now(), order=ORDER)
    clock.forward(600)
    await tell_due(teller, clock)
    assert heard(stack, teller, hook) == (2, 2)


async def test_an_alert_that_is_over_is_settled_by_the_system(teller: WorkDeps, told: str) -> None:
    """It says so. One that is over before anybody heard of it leaves no trace, nor one snoozed before its end."""
    del told
    await withdraw_alert(teller.db, ORDER, "It is odd.")
    await tell_account_trouble(teller.db, AccountTrouble("No.", server="s3"), "work", teller.clock.now())
    await end_account_trouble(teller.db, "work")
    assert await open_alerts(teller.db, 9) == []
    (settled,) = await settled_alerts(teller.db, 9)
    assert (settled["kind"], settled["who"]) == ("needs_attention", "pressroom")


async def test_a_part_of_a_snoozed_trouble_that_ends_leaves_the_rest_snoozed(
    teller: WorkDeps, clock: StoppedClock, told: str
) -> None:
    """What is left is told at the end of the snooze, as was said."""
    await raise_alert(teller.db, "needs_attention", "It is odder.", clock.now(), order=ORDER)
    await snooze_alert(teller, told, clock.now() + DAY, OLGA)
    await withdraw_alert(teller.db, ORDER, "It is odd.")
    clock.forward(DAY.total_seconds())
    (due,) = await due_alerts(teller.db, clock.now(), 9)
    assert due["text"] == "It is odder."


async def test_a_worker_that_tells_an_alert_takes_no_snooze_back(teller: WorkDeps, clock: StoppedClock) -> None:
    """One that is snoozed while it is told is due at the snooze's end, by every way, whatever the worker says."""
    await raise_alert(teller.db, "k", "It is odd.", clock.now(), event="evt_1")
    clock.forward(4)
    (due,) = await due_alerts(teller.db, clock.now(), 9)
    claimed = await claim_alert(teller.db, due["_id"], clock.now(), clock.now() + timedelta(seconds=30))
    assert claimed is not None
    until = clock.now() + DAY
    await snooze_alert(teller, due["_id"], until, OLGA)
    await note_told(teller.db, claimed, "mail")
    await put_off_alert(teller.db, claimed, clock.now())
    await close_alert(teller.db, claimed, clock.now())
    (alert,) = await open_alerts(teller.db, 9)
    assert (alert["state"], alert["told"], alert["due_at"]) == ("new", [], until)


@pytest.mark.parametrize("span", [timedelta(seconds=-1), timedelta(), timedelta(days=8)])
async def test_a_snooze_has_an_end_that_is_not_far(
    teller: WorkDeps, clock: StoppedClock, told: str, span: timedelta
) -> None:
    """None ends in the past, or after more than a week."""
    with pytest.raises(AlertCannotBe):
        await snooze_alert(teller, told, clock.now() + span, OLGA)


async def test_nobody_settles_what_they_have_not_seen(teller: WorkDeps, clock: StoppedClock, told: str) -> None:
    """An alert with more trouble than was shown stays open."""
    await raise_alert(teller.db, "needs_attention", "It is odder.", clock.now(), order=ORDER)
    with pytest.raises(AlertCannotBe):
        await settle_alert(teller, told, OLGA, seen=1)
    await settle_alert(teller, told, OLGA, seen=2)
    assert await open_alerts(teller.db, 9) == []


async def test_a_delay_is_over_once_the_order_is_delivered(deps: Deps, clock: StoppedClock) -> None:
    """Also where its mail was not taken at the first try, since its letter was chosen by then."""
    mailer = Mailer()
    worker, due_at = working(deps, mailer), promised_at(await place(deps))
    assert due_at is not None
    clock.moment = due_at
    await run_errand(worker, "check_promise", PLACED)
    assert await alerts(deps, "overdue") == 1
    await stored(deps)
    mailer.busy = True
    await run_errand(worker, "complete_order", PLACED)
    mailer.busy = False
    clock.forward(60)
    await run_errand(worker, "complete_order", PLACED)
    assert (await present(deps, PLACED))["delivered_at"] == clock.now()
    assert await alerts(deps, "overdue") == 0
