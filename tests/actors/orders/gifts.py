"""A gift that is made, and its day."""

from datetime import UTC, datetime
from typing import Any, cast

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from storage.audit import Authority
from storage.forms import keep_form
from storage.records.orders import Gift, Order
from tests.actors.builders import ORDER, messages, present, sweep
from tests.actors.post import stored
from tests.conftest import StoppedClock

BUYER, READER = "buyer@customer.example", "reader@customer.example"
BY = Authority("Olga", "she wrote to us")
#: When the session of the tests is paid, and the day of its gift.
PAID_AT, DAY = datetime.fromtimestamp(1787000001, UTC), datetime(2026, 12, 24, 8, tzinfo=UTC)
SESSION: dict[str, Any] = {
    "customer_details": {"email": BUYER},
    "client_reference_id": "form-1",
    "metadata": {"product": "life_clarity", "name": "Grace", "question": "Whither?"},
    "payment_intent": "pi_1",
}


async def made(deps: Deps, clock: StoppedClock, *, session: dict[str, Any] | None = None, **facts: Any) -> Order:
    """Return a gift that is made, at the moment of its payment."""
    clock.moment = PAID_AT
    gift = cast("Gift", {"email": READER, "giver": "Ada", "message": "Read it slowly.", "at": DAY, **facts})
    await keep_form(deps.db, "form-1", "life_clarity", {}, clock.now(), gift=gift)
    return await stored(deps, **SESSION | (session or {}))


async def on_its_day(worker: WorkDeps, clock: StoppedClock) -> None:
    """Let the day of the gift come, and a mail worker send the letter if the sweep asks for it."""
    worker.broker.client.flushdb()
    clock.moment = (await present(worker))["gift"]["at"]
    await sweep(worker)
    if "complete_order" in {message["actor_name"] for message in messages(worker, "bundle")}:
        await run_errand(worker, "complete_order", ORDER)
