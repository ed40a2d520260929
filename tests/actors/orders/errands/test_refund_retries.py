"""A refund is asked for until Stripe makes it, and made once, whatever Stripe said before."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.dead_letters import retry_order
from actors.orders.operators.refund import begin_refund
from infra.local.stack import Stack
from infra.stripe.client import Stripe, StripeIsDown
from storage.audit import Authority
from storage.dead_letters import dead_letters
from storage.order_state import order_state
from tests.actors.builders import apply, event, present, working
from tests.actors.post import Mailer
from tests.infra.local.stripe_client import connect, open_session, pay_session

pytestmark = pytest.mark.anyio

BY = Authority("Olga", "it cannot be written")


@pytest.fixture
async def worker(stack: Stack, deps: Deps) -> AsyncIterator[WorkDeps]:
    """Build a mail worker on a real till, where Stripe tells nobody of anything."""
    await asyncio.to_thread(stack.stripe.hold_deliveries)
    yield working(deps, Mailer(), Stripe(deps.settings))
    await asyncio.to_thread(stack.stripe.clear_faults)
    await asyncio.to_thread(stack.stripe.deny)
    await asyncio.to_thread(stack.stripe.resume_deliveries)


async def to_be_refunded(worker: WorkDeps, stack: Stack) -> tuple[str, str]:
    """Return an order whose refund is begun, and its payment."""
    intent = await asyncio.to_thread(lambda: pay_session(stack, open_session(connect(stack)).id))
    order = f"cs_test_{uuid.uuid4().hex}"
    said: dict[str, Any] = json.loads(event(order))
    said["data"]["object"]["payment_intent"] = intent
    await apply(worker, json.dumps(said).encode())
    await begin_refund(worker, order, BY)
    return order, intent


@pytest.mark.parametrize("fault", [{"kind": "saved"}, {"kind": "saved", "status": 503}, {"kind": "lost"}])
async def test_what_stripe_said_to_one_request_holds_no_later_one(
    worker: WorkDeps, stack: Stack, fault: dict[str, Any]
) -> None:
    """A 500 that Stripe repeats for a day, or an answer that was lost, delays a refund by one try."""
    order, intent = await to_be_refunded(worker, stack)
    await asyncio.to_thread(lambda: stack.stripe.add_fault(path="/v1/refunds", times=1, **fault))
    for _ in range(2):
        try:
            await run_errand(worker, "refund_order", order)
        except StripeIsDown:
            continue
    found = await present(worker, order)
    assert (order_state(found, []), found["amount_refunded"]) == ("refunded", 1900)
    refunds = await asyncio.to_thread(lambda: connect(stack).v1.refunds.list({"payment_intent": intent}).data)
    assert [refund.amount for refund in refunds] == [1900]


@pytest.mark.parametrize("permission", ["rak_charge_write", "rak_charge_read"])
async def test_a_permission_that_the_key_lacks_is_named(worker: WorkDeps, stack: Stack, permission: str) -> None:
    """The dead letter says in one line what the key must be allowed; then the refund is replayed, and made."""
    order, intent = await to_be_refunded(worker, stack)
    await asyncio.to_thread(stack.stripe.deny, permission)
    await run_errand(worker, "refund_order", order)
    (letter,) = await dead_letters(worker.db, limit=9, order=order)
    assert letter["error"] == f"Stripe refused the request: STRIPE_API_KEY lacks the permission {permission}."
    await asyncio.to_thread(stack.stripe.deny)
    assert await retry_order(worker, order, BY) == []
    await run_errand(worker, "refund_order", order)
    refunds = await asyncio.to_thread(lambda: connect(stack).v1.refunds.list({"payment_intent": intent}).data)
    assert [refund.amount for refund in refunds] == [1900]
