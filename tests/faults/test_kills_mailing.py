"""A process dies between any two writes of what ends an order: what follows is seen in the inbox and at Stripe."""

import asyncio
import gc
import json
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands import ERRANDS, run_errand
from actors.orders.refund import RefundIsImpossible, begin_refund
from actors.products.plans import PlanShelf
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from infra.mail.transport import transport_for
from infra.stripe.client import Stripe
from storage.audit import Authority
from storage.database import Database, Document
from storage.errands import Errand
from storage.orders import add_stored, fail_order, find_order
from storage.reports import report_id, store_report
from tests.actors.conftest import deps as deps
from tests.actors.conftest import objects as objects
from tests.actors.test_perform import working
from tests.actors.test_sweep import BOOK, apply, event, messages
from tests.conftest import StoppedClock
from tests.faults.write_gate import WriteGate
from tests.infra.local.stripe_client import connect, open_session, pay_session

pytestmark = pytest.mark.anyio

Run = Callable[[WorkDeps, str], Awaitable[None]]
BY = Authority("Olga", "it cannot be written")


class Story(NamedTuple):
    """What a process that dies does; its write `recorded` says that the mail server took the letter."""

    errand: Errand
    writes: int
    recorded: int
    letter: str

    async def run(self, worker: WorkDeps, order: str) -> None:
        """Do it: what a mail worker does, before that the operator's word where it needs one."""
        if self.letter == "refund":
            await begin_refund(worker, order, BY)
        await run_errand(worker, self.errand, order)


STORIES = {
    "the reports are sent": Story("complete_order", 5, 3, "completion"),
    "a refund is asked for and made": Story("refund_order", 13, 10, "refund"),
    "a failure is told": Story("tell_failure", 5, 3, "failure"),
    "a delay is told": Story("check_promise", 6, 4, "delay"),
}
KILLS = [(name, write) for name, story in STORIES.items() for write in range(story.writes + 1)]


@pytest.fixture
async def worker(stack: Stack, deps: Deps) -> AsyncIterator[WorkDeps]:
    """A mail worker on a real mail server and a real till, where Stripe tells nobody of anything."""
    stack.stripe.hold_deliveries()
    yield working(deps, transport_for(stack.env["MAIL_URL"]), Stripe(deps.settings))
    stack.stripe.resume_deliveries()


async def begun(story: Story, worker: WorkDeps, stack: Stack, clock: StoppedClock) -> Document:
    """Return an order to which that is about to happen, of a customer of its own."""
    intent = await asyncio.to_thread(lambda: pay_session(stack, open_session(connect(stack)).id))
    said = json.loads(event(f"cs_test_{uuid.uuid4().hex}"))
    order, email = said["data"]["object"]["id"], f"{uuid.uuid4().hex}@customer.example"
    said["data"]["object"] |= {"payment_intent": intent, "customer_details": {"email": email}}
    await apply(worker, json.dumps(said).encode())
    if story.letter in {"completion", "refund"}:
        pdf = {"key": "k", "object": "o", "sha256": "x", "pages": 3, "bytes": 30_000_000}
        await store_report(worker.db, report_id(order, BOOK), 1, pdf, clock.now())
        await add_stored(worker.db, order, BOOK, 1, clock.now())
    if story.letter == "failure":
        await fail_order(worker.db, order, "A section is dead.", clock.now())
    clock.forward(3600)
    return await present(worker, order)


async def present(worker: WorkDeps, order: str) -> Document:
    """Return the order, which must be there."""
    found = await find_order(worker.db, order)
    assert found is not None
    return found


async def lives_until(write: int, run: Run, worker: WorkDeps, order: str) -> bool:
    """Let a process do it that dies before its write of that number; False if it has less to do."""
    gate, url = WriteGate(write), worker.settings.mongodb_url
    url = url.replace("/pressroom?", f"/{worker.db.orders.database.name}?")
    async with gate.before(url) as way:
        db = Database(way)
        doing = asyncio.ensure_future(run(replace(worker, db=db, plans=PlanShelf(db)), order))
        died = asyncio.ensure_future(gate.died.wait())
        await asyncio.wait([doing, died], return_when="FIRST_COMPLETED")
        dead = gate.died.is_set()
        for end in (doing, died):
            end.cancel()
        with suppress(asyncio.CancelledError):
            await doing
        await db.close()
    collect_half_open()
    return dead


def collect_half_open() -> None:
    """Close the socket of a connection that was being opened: the driver leaves it to the collector (4.20)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def mend(worker: WorkDeps, clock: StoppedClock, order: str, errand: Errand) -> None:
    """Let sweep and mail workers do what is due, until that errand is over."""
    while errand in (await present(worker, order))["errands"]:
        clock.forward(60)
        worker.broker.client.flushdb()
        await sweep_once(worker, Watch(clock))
        for message in messages(worker, "bundle"):
            if message["actor_name"] in ERRANDS:
                await run_errand(worker, message["actor_name"], order)


def check_letters(letters: list[Letter], story: Story, write: int) -> None:
    """Check that the customer has the letter once; twice, under one id, if it was sent and not yet recorded."""
    assert [one.headers["X-Pressroom-Mail"] for one in letters] == [story.letter] * (1 + (write == story.recorded))
    assert len({one.headers["Message-ID"] for one in letters}) == 1


@pytest.mark.parametrize(("name", "write"), KILLS)
async def test_a_process_that_dies_before_a_write_of(
    stack: Stack, worker: WorkDeps, clock: StoppedClock, name: str, write: int
) -> None:
    """Whatever it had done, its customer gets one letter, and money goes back once, and never with the reports."""
    story = STORIES[name]
    bought = await begun(story, worker, stack, clock)
    order = bought["_id"]
    assert await lives_until(write, story.run, worker, order) == (write < story.writes)
    if story.letter == "refund" and (await present(worker, order))["letter"] is None:
        await begin_refund(worker, order, BY)  # the operator's command failed: it is given again
    await mend(worker, clock, order, story.errand)
    letters = await asyncio.to_thread(lambda: stack.inbox.letters(to=bought["email"]))
    check_letters(letters, story, write)
    refunds = connect(stack).v1.refunds.list({"payment_intent": bought["payment_intent"]}).data
    assert [refund.amount for refund in refunds] == ([1900] if story.letter == "refund" else [])
    if story.letter in {"completion", "refund"}:
        with pytest.raises(RefundIsImpossible):
            await begin_refund(worker, order, BY)
