"""Writes that wait for the database."""

import pytest

from actors.deps.retrying import until_database_is_back
from storage.database import DatabaseIsDown
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def test_a_write_waits_for_the_database_however_long_it_is_away(clock: StoppedClock) -> None:
    """What is paid for is written as soon as MongoDB is back, after an hour as after a second."""
    failures = iter(range(7200))

    async def write() -> str:
        if next(failures, None) is not None:
            raise DatabaseIsDown("Away.")
        return "written"

    began = clock.now()
    assert await until_database_is_back(clock, write) == "written"
    assert (clock.now() - began).total_seconds() == 3600


async def test_another_error_is_not_waited_for(clock: StoppedClock) -> None:
    """Only the database's absence is worth waiting for."""

    async def write() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await until_database_is_back(clock, write)
