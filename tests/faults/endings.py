"""Orders to which something is about to happen of which their customers are told."""

import asyncio
import json
import uuid
from typing import NamedTuple

from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.refund import begin_refund
from infra.local.stack import Stack
from storage.audit import Authority
from storage.endings import add_stored
from storage.orders import fail_order
from storage.records.orders import Errand, Order
from storage.records.work import Pdf
from storage.reports import report_id, store_report
from tests.actors.builders import BOOK, apply, event, present
from tests.conftest import StoppedClock
from tests.infra.local.stripe_client import connect, open_session, pay_session

BY = Authority("Olga", "it cannot be written")


class Story(NamedTuple):
    """Deed of a process that dies. Its write `recorded` says that the mail server took the letter."""

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
    "a refund is asked for and made": Story("refund_order", 11, 8, "refund"),
    "a failure is told": Story("tell_failure", 5, 3, "failure"),
    "a delay is told": Story("check_promise", 6, 4, "delay"),
}


async def begun(story: Story, worker: WorkDeps, stack: Stack, clock: StoppedClock) -> Order:
    """Return an order to which that is about to happen, of a customer of its own."""
    intent = await asyncio.to_thread(lambda: pay_session(stack, open_session(connect(stack)).id))
    said = json.loads(event(f"cs_test_{uuid.uuid4().hex}"))
    order, email = said["data"]["object"]["id"], f"{uuid.uuid4().hex}@customer.example"
    said["data"]["object"] |= {"payment_intent": intent, "customer_details": {"email": email}}
    await apply(worker, json.dumps(said).encode())
    if story.letter in {"completion", "refund"}:
        pdf: Pdf = {"key": "k", "object": "o", "sha256": "x", "pages": 3, "bytes": 30_000_000}
        await store_report(worker.db, report_id(order, BOOK), 1, pdf, clock.now())
        await add_stored(worker.db, order, BOOK, 1, clock.now())
    if story.letter == "failure":
        await fail_order(worker.db, order, "A section is dead.", clock.now())
    clock.forward(3600)
    return await present(worker, order)
