"""What every test may use: the local stack's servers, and a database of its own."""

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.stack import Stack
from storage.database import Database
from storage.indexes import ensure_indexes


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run coroutines on asyncio, as every process of Pressroom does."""
    return "asyncio"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers of the local stack, for the whole run; a missing one fails it."""
    with Stack(tmp_path_factory.mktemp("stack"), latency_s=0.05) as running:
        yield running


@pytest.fixture
async def db(stack: Stack) -> AsyncIterator[Database]:
    """An empty database with its indexes."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    database = Database(stack.env["MONGODB_URL"].replace("/pressroom?", f"/{name}?"))
    await ensure_indexes(database)
    yield database
    await database.client.drop_database(name)
    await database.close()


class StoppedClock:
    """A clock that only moves when a test moves it."""

    def __init__(self) -> None:
        """Begin at a fixed moment."""
        self.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.seconds = 1000.0

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment

    def monotonic(self) -> float:
        """Return the seconds."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Pass the time at once."""
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> StoppedClock:
    """A clock in the test's hands."""
    return StoppedClock()
