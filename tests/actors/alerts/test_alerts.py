"""An alert is told once by each way, however the operators' webhook answers."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.alerts.tell_alert import tell_alert
from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.sweep.orders import send_alerts
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.settings import read_settings
from storage.alerts import close_alert, due_alerts, raise_alert, withdraw_alert
from storage.database import Database
from storage.records.mail import Alert
from tests.actors.builders import messages, working
from tests.conftest import StoppedClock
from tests.hook import Hook

pytestmark = pytest.mark.anyio

ORDER = "cs_alert"


@pytest.fixture
def teller(stack: Stack, deps: Deps, hook: Hook) -> WorkDeps:
    """Build a mail worker with an operator of its own."""
    operator = f"{uuid.uuid4().hex}@operator.example"
    settings = read_settings({**stack.env, "ALERT_MAIL": operator, "ALERT_WEBHOOK_URL": hook.url})
    return replace(working(deps), settings=settings, mailer=transport_for(settings))


@pytest.fixture
async def alert(db: Database, clock: StoppedClock) -> str:
    """Raise an alert that is to be told now. Returns its id."""
    await raise_alert(db, "needs_attention", "It is odd.", clock.now(), order=ORDER)
    clock.forward(4)
    (due,) = await due_alerts(db, clock.now(), 9)
    return str(due["_id"])


async def present(db: Database) -> Alert:
    """Return the one alert."""
    (found,) = await db.alerts.find().to_list()
    return found


def mails(stack: Stack, teller: WorkDeps) -> list[Letter]:
    """Return the operator's letters."""
    return stack.inbox.letters(to=teller.settings.alert_mail)


@pytest.mark.parametrize("status", [400, 401, 404, 410])
async def test_an_alert_that_the_hook_refuses_for_good_is_posted_once(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, alert: str, status: int
) -> None:
    """The mail goes out and the alert is told; the hook, which will never take it, is not asked again."""
    hook.answers[ORDER] = status
    await tell_alert(teller, alert)
    assert (await present(teller.db))["state"] == "told"
    clock.forward(timedelta(days=1).total_seconds())
    assert await due_alerts(teller.db, clock.now(), 9) == []
    await tell_alert(teller, alert)
    assert (hook.posted(ORDER), len(mails(stack, teller))) == (1, 1)


@pytest.mark.parametrize("status", [408, 429, 500, 503, 0])
async def test_an_alert_that_the_hook_cannot_take_now_is_posted_again(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, alert: str, status: int
) -> None:
    """The mail goes out once; the hook is asked again every half a minute, and not sooner, until it takes it."""
    hook.answers[ORDER] = status
    for asked in (1, 2, 3):
        await tell_alert(teller, alert)
        await tell_alert(teller, alert)
        assert (hook.posted(ORDER), len(mails(stack, teller))) == (asked, 1)
        assert (await present(teller.db))["state"] == "new"
        clock.forward(29)
        assert await due_alerts(teller.db, clock.now(), 9) == []
        clock.forward(1)
        assert len(await due_alerts(teller.db, clock.now(), 9)) == 1
    hook.answers.clear()
    await tell_alert(teller, alert)
    assert (await present(teller.db))["state"] == "told"
    assert (hook.posted(ORDER), len(mails(stack, teller))) == (4, 1)


async def test_an_alert_that_the_mail_server_puts_off_is_not_posted_again(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, alert: str
) -> None:
    """Whichever way fails, the other one is not used twice."""
    stack.inbox.add_fault(code=451, address=teller.settings.alert_mail, times=1)
    await tell_alert(teller, alert)
    assert mails(stack, teller) == []
    clock.forward(30)
    await tell_alert(teller, alert)
    assert (await present(teller.db))["state"] == "told"
    assert (hook.posted(ORDER), len(mails(stack, teller))) == (1, 1)


async def test_a_hundred_dead_sections_of_an_order_are_told_twice(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """The first at once, with how many there are by then; the number of all of them ten minutes later."""
    for number in range(3):
        await raise_alert(teller.db, "needs_attention", f"{number} is dead.", clock.now(), order=ORDER)
    clock.forward(4)
    await tell_all(teller)
    for number in range(100):
        await raise_alert(teller.db, "needs_attention", f"{number} is dead.", clock.now(), order=ORDER)
    await tell_all(teller)
    assert [post["text"] for post in hook.posts] == ["0 is dead. (and 2 more of this kind)"]
    clock.forward(600)
    await tell_all(teller)
    await tell_all(teller)
    assert [post["text"] for post in hook.posts[1:]] == ["0 is dead. (and 99 more of this kind)"]
    assert len({mail.headers["Message-ID"] for mail in mails(stack, teller)}) == 2


async def test_fifty_orders_that_fail_together_are_twenty_mails_that_name_them_all(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """All of them within the time for one; what fails later in the minute waits for the next, and is not lost."""
    orders = [f"cs_{number}" for number in range(50)]
    for order in orders:
        await raise_alert(teller.db, "needs_attention", "The LLM refuses us.", clock.now(), order=order)
    clock.forward(4)
    await tell_all(teller)
    assert (len(hook.posts), len(mails(stack, teller))) == (20, 20)
    *alone, digest = hook.posts
    assert digest["text"].startswith("31 more alerts\nThe LLM refuses us. (needs_attention): cs_")
    named = {post["order"] for post in alone} | set(digest["text"].rpartition(": ")[2].split(", "))
    assert named == set(orders)
    await raise_alert(teller.db, "overdue", "Late.", clock.now(), order="cs_late")
    clock.forward(30)
    await tell_all(teller)
    assert len(hook.posts) == 20
    clock.forward(31)
    await tell_all(teller)
    assert [post["order"] for post in hook.posts[20:]] == ["cs_late"]


async def test_the_same_orders_are_told_of_together_once_more(
    teller: WorkDeps, clock: StoppedClock, hook: Hook
) -> None:
    """What comes again to those that one list named is another list."""
    orders = [f"cs_{number}" for number in range(22)]
    for trouble in ("The LLM refuses us.", "S3 refuses us."):
        for order in orders:
            await raise_alert(teller.db, "needs_attention", trouble, clock.now(), order=order)
        clock.forward(600)
        await tell_all(teller)
        clock.forward(600)
    assert [post["kind"] for post in hook.posts].count("digest") == 2


async def test_trouble_that_is_mended_and_comes_again_is_another_mail(
    stack: Stack, teller: WorkDeps, clock: StoppedClock, hook: Hook, alert: str
) -> None:
    """It has a Message-ID of its own: a mail program shows one that it knows only once."""
    await tell_alert(teller, alert)
    await withdraw_alert(teller.db, ORDER, "It is odd.")
    await raise_alert(teller.db, "needs_attention", "It is odd.", clock.now(), order=ORDER)
    clock.forward(4)
    await tell_all(teller)
    assert len({mail.headers["Message-ID"] for mail in mails(stack, teller)}) == 2


async def test_what_comes_while_an_alert_is_told_is_told_later(
    teller: WorkDeps, clock: StoppedClock, hook: Hook, alert: str
) -> None:
    """The hook is away when the first trouble is mailed; when it is back, the second is known as well."""
    hook.answers[ORDER] = 503
    await tell_alert(teller, alert)
    claimed = await present(teller.db)
    await raise_alert(teller.db, "needs_attention", "It is odder.", clock.now(), order=ORDER)
    await close_alert(teller.db, claimed, clock.now())
    assert (await present(teller.db))["state"] == "new"
    del hook.answers[ORDER]
    clock.forward(600)
    await tell_all(teller)
    assert hook.posts[-1]["text"] == "It is odd. (and 1 more of this kind)"
    assert (await present(teller.db))["state"] == "told"


async def tell_all(teller: WorkDeps) -> None:
    """Let the sweep wake a mail worker for the alerts that are to be told, and let it tell them."""
    teller.broker.client.flushdb()
    await send_alerts(teller)
    for message in messages(teller, "bundle"):
        await tell_alert(teller, message["kwargs"]["alert"])
