"""Requests of customers that wait for an operator: an order has one at a time, and its alert ends with it."""

from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.orders.customers.correction import ask_remake
from actors.orders.customers.withdrawal import withdraw
from infra.tenants import MAIN, Tenant, Tenants
from storage.alerts import alerts_about
from storage.order_state import REQUESTS, request_of
from tests.actors.builders import ORDER, present
from tests.actors.post import Mailer, delivered
from tests.actors.stories import WHOLE, Purchase, say

pytestmark = pytest.mark.anyio

GRACE = {"name": "Grace"}


@pytest.fixture
def deps(deps: Deps) -> Deps:
    """Let the customers of the only tenant withdraw, and ask for a remake."""
    return replace(deps, tenants=Tenants({MAIN: Tenant(id=MAIN, withdrawal_days=14, free_remake=True)}))


async def told(deps: Deps, order: str) -> list[str]:
    """Return what operators are told of an order's requests."""
    return [alert["text"] for alert in await alerts_about(deps.db, [order]) if alert["kind"] == "request"]


async def test_a_withdrawal_ends_the_request_for_a_remake(deps: Deps) -> None:
    """Nobody is asked any more to grant what its customer does not want."""
    await delivered(deps, Mailer())
    assert await ask_remake(deps, await present(deps), GRACE)
    assert await told(deps, ORDER) == [REQUESTS["remake"]]
    assert await withdraw(deps, await present(deps))
    assert (request_of(await present(deps)), await told(deps, ORDER)) == (
        REQUESTS["withdrawal"],
        [REQUESTS["withdrawal"]],
    )


async def test_a_request_that_came_meanwhile_is_not_overwritten(deps: Deps) -> None:
    """Of two pages that are open at once, the withdrawal's is sent again with the request in sight."""
    _, seen = await delivered(deps, Mailer())
    assert await ask_remake(deps, seen, GRACE)
    assert not await withdraw(deps, seen)
    assert request_of(await present(deps)) == REQUESTS["remake"]


async def test_money_that_went_back_ends_the_alert_of_a_withdrawal(deps: Deps, bought: Purchase) -> None:
    """An operator gives it back on Stripe's own pages, and has nothing to settle beside."""
    await deps.db.orders.update_one({"_id": bought.session}, {"$set": {"letter": "completion"}})
    assert await withdraw(deps, await present(deps, bought.session))
    assert await told(deps, bought.session) == [REQUESTS["withdrawal"]]
    await say(deps, bought, WHOLE)
    assert await told(deps, bought.session) == []
