"""An alert is told if somebody heard it: ways that refuse it, several addresses, long lists, mended trouble."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.alerts.tell_alert import tell_alert
from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.sweep.orders import send_alerts
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.settings import read_settings
from storage.alerts import raise_alert, withdraw_alert
from storage.records.mail import Alert
from tests.actors.builders import messages, working
from tests.conftest import StoppedClock
from tests.hook import Hook

pytestmark = pytest.mark.anyio

ORDER = "cs_alert"


@pytest.fixture
async def addresses(stack: Stack) -> AsyncIterator[list[str]]:
    """Give the addresses of two operators, whom the mail server refuses no more afterwards."""
    yield [f"{uuid.uuid4().hex}@operator.example" for _ in range(2)]
    await asyncio.to_thread(stack.inbox.clear_faults)


def teller(stack: Stack, deps: Deps, *operators: str, hook: str = "") -> WorkDeps:
    """Build a mail worker with those operators."""
    settings = read_settings({**stack.env, "ALERT_MAIL": ", ".join(operators), "ALERT_WEBHOOK_URL": hook})
    return replace(working(deps), settings=settings, mailer=transport_for(settings))


async def trouble(deps: Deps, clock: StoppedClock, text: str = "It is odd.") -> None:
    """Raise an alert that is to be told a few seconds later."""
    await raise_alert(deps.db, "needs_attention", text, clock.now(), order=ORDER)


async def tell_of_two(deps: WorkDeps, clock: StoppedClock, mended: str) -> None:
    """Let a first trouble be told, then a second one come, and one of the two be mended before it is told, too."""
    await trouble(deps, clock, "The first.")
    clock.forward(4)
    await tell_all(deps)
    await trouble(deps, clock, "The second.")
    await withdraw_alert(deps.db, ORDER, mended)
    clock.forward(600)
    await tell_all(deps)


async def tell_all(deps: WorkDeps) -> None:
    """Let the sweep wake a mail worker for the alerts that are to be told, and let it tell them."""
    deps.broker.client.flushdb()
    await send_alerts(deps)
    for message in messages(deps, "bundle"):
        await tell_alert(deps, message["kwargs"]["alert"])


async def state(deps: Deps) -> str:
    """Return the state of the one alert."""
    (found,) = await deps.db.alerts.find().to_list()
    alert: Alert = found
    return alert["state"]


async def mails(stack: Stack, address: str) -> list[Letter]:
    """Return an operator's letters."""
    return await asyncio.to_thread(lambda: stack.inbox.letters(to=address))


@pytest.mark.parametrize(
    "fault", [{"code": 550, "enhanced": "5.1.1"}, {"code": 550, "enhanced": "5.4.5"}, {"code": 552}, {"code": 451}]
)
async def test_an_alert_that_nobody_heard_stays_due(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], fault: dict[str, Any]
) -> None:
    """It is told again after growing pauses, the log says that no way works, and once one does it is told once."""
    await asyncio.to_thread(lambda: stack.inbox.add_fault(**fault, address=addresses[0]))
    alone = teller(stack, deps, addresses[0])
    await trouble(deps, clock)
    clock.forward(4)
    for pause_s in (30, 60, 120, 240, 480, 600, 600):
        with capture_logs() as lines:
            await tell_all(alone)
        assert [line["event"] for line in lines if line["log_level"] == "error"][-1] == "no_way_of_telling_works"
        clock.forward(pause_s - 1)
        with capture_logs() as lines:
            await tell_all(alone)
        assert (lines, await state(deps)) == ([], "new")
        clock.forward(1)
    await asyncio.to_thread(stack.inbox.clear_faults)
    await tell_all(alone)
    await tell_all(alone)
    assert (await state(deps), len(await mails(stack, addresses[0]))) == ("told", 1)


@pytest.mark.parametrize("fault", [{"code": 550, "enhanced": "5.1.1"}, {"code": 550, "enhanced": "5.7.1"}])
async def test_an_alert_that_the_hook_took_is_told_whatever_the_mail_server_refuses(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], hook: Hook, fault: dict[str, Any]
) -> None:
    """Somebody heard it, so it is posted once."""
    await asyncio.to_thread(lambda: stack.inbox.add_fault(**fault, address=addresses[0]))
    both = teller(stack, deps, addresses[0], hook=hook.url)
    await trouble(deps, clock)
    clock.forward(4)
    await tell_all(both)
    assert (await state(deps), hook.posted(ORDER)) == ("told", 1)


async def test_an_alert_that_both_ways_refuse_stays_due(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], hook: Hook
) -> None:
    """Whichever is mended first tells it."""
    await asyncio.to_thread(lambda: stack.inbox.add_fault(code=550, address=addresses[0]))
    hook.answers[ORDER] = 404
    both = teller(stack, deps, addresses[0], hook=hook.url)
    await trouble(deps, clock)
    clock.forward(4)
    await tell_all(both)
    assert await state(deps) == "new"
    del hook.answers[ORDER]
    clock.forward(30)
    await tell_all(both)
    assert (await state(deps), hook.posted(ORDER)) == ("told", 2)


async def test_every_operator_has_each_alert_once(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str]
) -> None:
    """The address that cannot be reached now has it later, and keeps none from the other."""
    await asyncio.to_thread(lambda: stack.inbox.add_fault(code=451, address=addresses[0], times=2))
    both = teller(stack, deps, *addresses)
    await trouble(deps, clock)
    clock.forward(4)
    for _ in range(4):
        await tell_all(both)
        clock.forward(30)
    assert [len(await mails(stack, address)) for address in addresses] == [1, 1]
    assert await state(deps) == "told"


async def test_an_address_that_is_refused_keeps_no_alert_from_the_other(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str]
) -> None:
    """It was heard, and is closed."""
    await asyncio.to_thread(lambda: stack.inbox.add_fault(code=550, address=addresses[0]))
    await trouble(deps, clock)
    clock.forward(4)
    await tell_all(teller(stack, deps, *addresses))
    assert (await state(deps), len(await mails(stack, addresses[1]))) == ("told", 1)


@pytest.mark.long
async def test_a_list_that_is_too_long_leaves_the_rest_for_the_next(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], hook: Hook
) -> None:
    """Five hundred orders under long names, each with a long reason, are all named, each once."""
    orders = [f"cs_live_{number:03}{'x' * 55}" for number in range(500)]
    for number, order in enumerate(orders):
        text = f"Step {number % 50} is dead: {'why ' * (100 if number % 50 else 10_000)}"
        await raise_alert(deps.db, "needs_attention", text, clock.now(), order=order)
    both = teller(stack, deps, addresses[0], hook=hook.url)
    clock.forward(4)
    for _ in range(20):
        await tell_all(both)
        clock.forward(61)
    named = [post["order"] for post in hook.posts if post["order"]]
    lists = [post["text"] for post in hook.posts if post["kind"] == "digest"]
    assert max(map(len, lists)) <= 30_000
    assert sorted([*named, *(order for order in orders for text in lists if order in text)]) == orders
    assert await deps.db.alerts.count_documents({"state": "new"}) == 0


async def test_what_was_not_told_is_told_though_the_first_trouble_is_over(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], hook: Hook
) -> None:
    """The second trouble was only counted; once the first is mended it is told in its own words, once."""
    both = teller(stack, deps, addresses[0], hook=hook.url)
    await tell_of_two(both, clock, mended="The first.")
    await tell_all(both)
    assert [post["text"] for post in hook.posts] == ["The first.", "The second."]
    assert len({mail.headers["Message-ID"] for mail in await mails(stack, addresses[0])}) == 2


async def test_trouble_that_is_over_before_it_was_told_is_not_told(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], hook: Hook
) -> None:
    """Of two, the one that came second is mended: nothing is left to say, and it is told anew if it comes back."""
    both = teller(stack, deps, addresses[0], hook=hook.url)
    await tell_of_two(both, clock, mended="The second.")
    assert [post["text"] for post in hook.posts] == ["The first."]
    await trouble(deps, clock, "The second.")
    clock.forward(600)
    await tell_all(both)
    assert [post["text"] for post in hook.posts[1:]] == ["The first. (and 1 more of this kind)"]


async def test_what_was_told_is_not_told_again_when_the_rest_is_mended(
    stack: Stack, deps: Deps, clock: StoppedClock, addresses: list[str], hook: Hook
) -> None:
    """Two were told together; the first is mended, and the second is known."""
    both = teller(stack, deps, addresses[0], hook=hook.url)
    await trouble(deps, clock, "The first.")
    await trouble(deps, clock, "The second.")
    clock.forward(4)
    await tell_all(both)
    await withdraw_alert(deps.db, ORDER, "The first.")
    await trouble(deps, clock, "The second.")
    clock.forward(600)
    await tell_all(both)
    assert len(hook.posts) == 1
