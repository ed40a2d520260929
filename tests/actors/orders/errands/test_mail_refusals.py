"""A mail server that refuses us delays letters, and blames no customer's address; one that is silent is spared."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.sweep.orders import end_unmet_troubles
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from storage.dead_letters import dead_letters
from storage.endings import add_stored
from storage.order_state import attention_of, order_state
from storage.records.mail import Alert
from storage.records.work import Pdf
from storage.reports import report_id, store_report
from tests.actors.builders import BOOK, apply, event, present, working
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

#: Longer than any pause between two tries.
LONG_S = 3601


@pytest.fixture
async def worker(stack: Stack, deps: Deps) -> AsyncIterator[WorkDeps]:
    """Build a mail worker on the real mail server, which has no fault left over."""
    yield working(deps, transport_for(deps.settings))
    await asyncio.to_thread(stack.inbox.clear_faults)


async def sold(deps: Deps, count: int) -> list[str]:
    """Place orders whose reports are stored. Returns their ids."""
    orders = [f"cs_test_{uuid.uuid4().hex}" for _ in range(count)]
    for order in orders:
        await apply(deps, event(order))
        pdf: Pdf = {"key": "k", "object": "o", "sha256": "x", "pages": 3, "bytes": 30_000}
        await store_report(deps.db, report_id(order, BOOK), 1, pdf, deps.clock.now())
        await add_stored(deps.db, order, BOOK, 1, deps.clock.now())
    return orders


async def complete(worker: WorkDeps, *orders: str) -> None:
    """Let the completion mails of orders be tried once."""
    await asyncio.gather(*(run_errand(worker, "complete_order", order) for order in orders))


async def fault(stack: Stack, **facts: object) -> None:
    """Let the mail server do wrong."""
    await asyncio.to_thread(lambda: stack.inbox.add_fault(**facts))


async def heal(stack: Stack) -> None:
    """Let the mail server do right again."""
    await asyncio.to_thread(stack.inbox.clear_faults)


async def letters(stack: Stack, order: str) -> list[Letter]:
    """Return the letters of an order that were taken."""
    every = await asyncio.to_thread(stack.inbox.letters)
    return [letter for letter in every if letter.headers.get("X-Pressroom-Order") == order]


async def alerts(deps: Deps) -> list[Alert]:
    """Return the alerts that there are."""
    return await deps.db.alerts.find().to_list()


async def attentions(deps: Deps, orders: list[str]) -> set[str | None]:
    """Return the reasons for which orders need attention."""
    return {attention_of(await present(deps, order)) for order in orders}


@pytest.mark.parametrize(
    ("at", "code", "enhanced"),
    [
        ("sender", 553, ""),
        ("sender", 550, "5.7.60"),
        ("recipient", 550, "5.4.5"),
        ("recipient", 554, ""),
        ("letter", 554, "5.7.1"),
        ("hello", 554, ""),
    ],
)
async def test_a_server_that_refuses_us_is_one_alert_and_no_orders_failure(
    stack: Stack, worker: WorkDeps, clock: StoppedClock, at: str, code: int, enhanced: str
) -> None:
    """The letters wait however long that lasts; one that is taken ends the trouble, and the next is told again."""
    orders = await sold(worker, 5)
    await fault(stack, at=at, code=code, enhanced=enhanced)
    for _ in range(12):
        await complete(worker, *orders)
        await end_unmet_troubles(worker)
        clock.forward(LONG_S)
    (alert,) = await alerts(worker)
    assert (alert["kind"], alert["order"], alert["event"]) == ("account", None, "reports@pressroom.example")
    assert f"refuses us ({code} at" in alert["text"]
    assert await dead_letters(worker.db, limit=9) == []
    assert await attentions(worker, orders) == {None}
    assert {one["state"] async for one in worker.db.deliveries.find()} == {"waiting"}
    await heal(stack)
    await complete(worker, *orders)
    assert [len(await letters(stack, order)) for order in orders] == [1] * 5
    assert await alerts(worker) == []
    (another,) = await sold(worker, 1)
    await fault(stack, at=at, code=code, enhanced=enhanced)
    await complete(worker, another)
    assert [alert["kind"] for alert in await alerts(worker)] == ["account"]


async def test_one_letter_that_is_refused_among_others_that_are_taken_is_its_orders(
    stack: Stack, worker: WorkDeps, clock: StoppedClock
) -> None:
    """A filter that dislikes one letter is told once; after ten tries an operator sees to that order."""
    (order,) = await sold(worker, 1)
    for _ in range(11):
        await fault(stack, at="letter", code=554, enhanced="5.7.1", times=1)
        await complete(worker, order)
        await complete(worker, *await sold(worker, 1))
        clock.forward(LONG_S)
    assert "again and again" in (attention_of(await present(worker, order)) or "")
    assert [alert["order"] for alert in await alerts(worker)] == [order]
    await heal(stack)
    await complete(worker, order)
    assert order_state(await present(worker, order), []) == "delivered"


@pytest.mark.parametrize(("code", "enhanced"), [(550, "5.1.1"), (553, "5.1.3"), (550, "5.2.1"), (550, "")])
async def test_an_address_that_is_refused_is_a_dead_letter(
    stack: Stack, worker: WorkDeps, code: int, enhanced: str
) -> None:
    """What a server says about the recipient is the customer's to mend, and told as that."""
    (order,) = await sold(worker, 1)
    await fault(stack, at="recipient", code=code, enhanced=enhanced)
    await complete(worker, order)
    assert attention_of(await present(worker, order)) == f"The completion mail was refused: {code}."
    assert [letter["kind"] for letter in await dead_letters(worker.db, limit=9)] == ["errand"]
    assert [alert["kind"] for alert in await alerts(worker)] == ["bounce"]


@pytest.mark.parametrize(("code", "enhanced"), [(552, "5.2.2"), (452, "4.2.2"), (450, "4.7.1")])
async def test_a_full_mailbox_is_waited_for(
    stack: Stack, worker: WorkDeps, clock: StoppedClock, code: int, enhanced: str
) -> None:
    """It may have room tomorrow, whatever class of code the server says it with."""
    (order,) = await sold(worker, 1)
    await fault(stack, at="recipient", code=code, enhanced=enhanced, times=1)
    await complete(worker, order)
    assert (await alerts(worker), await attentions(worker, [order])) == ([], {None})
    clock.forward(LONG_S)
    await complete(worker, order)
    assert order_state(await present(worker, order), []) == "delivered"


async def test_a_server_that_keeps_letters_and_says_nothing_is_spared(
    stack: Stack, worker: WorkDeps, clock: StoppedClock
) -> None:
    """Each try may be one more letter: the pauses are long, and an operator hears of the third."""
    (order,) = await sold(worker, 1)
    await fault(stack, at="lost", times=3)
    for tried, pause_s in enumerate((30, 60, 120), 1):
        assert await attentions(worker, [order]) == {None}
        await complete(worker, order)
        clock.forward(pause_s - 1)
        await complete(worker, order)
        assert len(await letters(stack, order)) == tried
        clock.forward(1)
    assert "again and again" in (attention_of(await present(worker, order)) or "")
    await complete(worker, order)
    found = await letters(stack, order)
    assert (len(found), len({one.headers["Message-ID"] for one in found})) == (4, 1)
    assert (await attentions(worker, [order]), await alerts(worker)) == ({None}, [])
