"""Paid orders, and the mailer, the till and the worker that see to them."""

from dataclasses import replace

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from tests.actors.builders import present, working
from tests.actors.post import Mailer
from tests.actors.stories import COMPLETED, PAID, Purchase, purchase, say
from tests.actors.vendors import Till
from tests.conftest import StoppedClock


@pytest.fixture
async def bought(deps: Deps, clock: StoppedClock) -> Purchase:
    """Place a paid order, at the moment of its payment."""
    one = purchase()
    await say(deps, one, COMPLETED, PAID)
    paid_at = (await present(deps, one.session))["paid_at"]
    assert paid_at is not None
    clock.moment = paid_at
    return one


@pytest.fixture
def mailer() -> Mailer:
    """Return a mailer that takes every letter."""
    return Mailer()


@pytest.fixture
def till() -> Till:
    """Return the Stripe that gives money back."""
    return Till()


@pytest.fixture
def worker(deps: Deps, mailer: Mailer, till: Till) -> WorkDeps:
    """Build a mail worker. Money of an order that failed goes back after a day."""
    settings = msgspec.structs.replace(deps.settings, refund_after_s=86400.0)
    return replace(working(deps, mailer, till), settings=settings)
