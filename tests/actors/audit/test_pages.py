"""The way through all orders of some time, whenever they were placed."""

from datetime import timedelta

import pytest

from actors.audit.audit import Auditor
from actors.deps.process import Deps
from tests.builders import NOW, an_order

pytestmark = pytest.mark.anyio


async def test_each_order_of_the_time_is_judged_once(deps: Deps) -> None:
    """Also where more were placed at one moment than a page has, and none that was placed before or after."""
    at = {f"cs_{nth}": NOW - timedelta(minutes=nth % 2) for nth in range(60)}
    at |= {"cs_before": NOW - timedelta(days=2), "cs_after": NOW + timedelta(seconds=1)}
    await deps.db.orders.insert_many([an_order(order, placed_at=moment) for order, moment in at.items()])
    told: list[int] = []
    found = await Auditor(deps, None).audit(NOW - timedelta(days=1), NOW, told.append)
    assert (found.orders, found.violations, found.unjudged) == (60, [], [])
    assert told[-1] == 60
