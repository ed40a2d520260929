"""Letters that wait for a mail server which is away: the first one that it takes sends for the others."""

import asyncio
from datetime import datetime

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from storage.deliveries import find_delivery
from tests.actors.builders import messages, place, working
from tests.actors.post import LONG, Mailer
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

#: Tries after which the next one is 40 s away.
TRIES = 4
PATIENCE_S = 30.0


async def due_at(deps: Deps, order: str) -> datetime:
    """Return when the order's confirmation may be sent again, which must wait."""
    delivery = await find_delivery(deps.db, order, "confirmation")
    assert delivery is not None
    assert delivery["state"] == "waiting"
    return delivery["until"]


def is_sent_for(deps: Deps, order: str) -> bool:
    """Return whether a mail worker is woken for the order."""
    return any(message["kwargs"].get("order") == order for message in messages(deps, "bundle"))


async def test_the_first_letter_that_is_taken_ends_the_outage(deps: Deps, clock: StoppedClock) -> None:
    """What the server was not reached for goes at once; what it asked to come later waits its time."""
    mailer = Mailer()
    worker = working(deps, mailer)
    for order in ("cs_away", "cs_busy", "cs_first"):
        await place(deps, id=order, **LONG)
    for _ in range(TRIES):
        mailer.away, mailer.busy = True, False
        await run_errand(worker, "confirm_order", "cs_away")
        mailer.away, mailer.busy = False, True
        await run_errand(worker, "confirm_order", "cs_busy")
        clock.forward(30)
    mailer.busy = False
    later = await due_at(deps, "cs_busy")
    deps.broker.client.flushdb()
    await run_errand(worker, "confirm_order", "cs_first")
    async with asyncio.timeout(PATIENCE_S):
        while not is_sent_for(deps, "cs_away"):  # noqa: ASYNC110  # Redis tells nobody
            await asyncio.sleep(0.01)
    assert await due_at(deps, "cs_away") == clock.now()
    assert (await due_at(deps, "cs_busy"), is_sent_for(deps, "cs_busy")) == (later, False)
    assert later > clock.now()
    for order in ("cs_away", "cs_busy"):
        await run_errand(worker, "confirm_order", order)
    assert [letter.order for letter in mailer.letters] == ["cs_first", "cs_away"]
