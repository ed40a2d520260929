"""How far a machine's clock is from MongoDB's."""

from datetime import timedelta

import pytest

from infra.clock import SystemClock
from storage.database import Database

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("seconds", [-10, 0, 10])
async def test_a_clock_that_is_off_is_known(db: Database, seconds: int) -> None:
    """Except for the time that the question took."""
    skew_s = await db.skew_s(lambda: SystemClock().now() - timedelta(seconds=seconds))
    assert abs(skew_s) > 2 if seconds else skew_s == 0
    assert skew_s * seconds >= 0
