"""An alert is told once by each way, however the operators' webhook answers."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.deps import Deps
from actors.tell_alert import tell_alert
from actors.work_deps import WorkDeps
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.settings import read_settings
from storage.alerts import due_alerts, raise_alert
from storage.database import Database, Document
from tests.actors.test_perform import working
from tests.conftest import StoppedClock
from tests.hook import Hook

pytestmark = pytest.mark.anyio

ORDER = "cs_alert"


@pytest.fixture
def hook() -> Iterator[Hook]:
    """An operators' webhook."""
    with Hook() as running:
        yield running


@pytest.fixture
def teller(stack: Stack, deps: Deps, hook: Hook) -> WorkDeps:
    """A mail worker with an operator of its own."""
    operator = f"{uuid.uuid4().hex}@operator.example"
    settings = read_settings({**stack.env, "ALERT_MAIL": operator, "ALERT_WEBHOOK_URL": hook.url})
    return replace(working(deps), settings=settings, postman=transport_for(settings.mail_url))


@pytest.fixture
async def alert(db: Database, clock: StoppedClock) -> str:
    """An alert that is to be told now."""
    await raise_alert(db, "needs_attention", "It is odd.", clock.now(), order=ORDER)
    clock.forward(4)
    (due,) = await due_alerts(db, clock.now(), 9)
    return str(due["_id"])


async def present(db: Database) -> Document:
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
