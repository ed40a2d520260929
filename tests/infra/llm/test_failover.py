"""The limiter's Redis fails over: its name leads elsewhere, and the former primary keeps its connections."""

from contextlib import suppress
from pathlib import Path

import pytest

from infra.llm.limiter.shared import SharedCount, SharedCountIsAway
from tests.faults.redises import Switch, two_redises
from tests.infra.llm.counting import HUNDRED

pytestmark = pytest.mark.anyio


async def test_calls_are_counted_by_the_new_primary(tmp_path: Path) -> None:
    """After one refused command the count is asked where the name leads by now."""
    with two_redises(tmp_path) as (old, new), Switch(old.get_connection_kwargs()["port"]) as switch:
        count = SharedCount(switch.url, "model", HUNDRED)
        await count.reserve(100)
        switch.to = new.get_connection_kwargs()["port"]
        old.replicaof("127.0.0.1", str(switch.to))
        with suppress(SharedCountIsAway):
            await count.reserve(100)
        await count.reserve(100)
        assert new.keys("pressroom:llm:*")
        await count.close()
