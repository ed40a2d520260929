"""Servers of the local stack and a database for every test, and the order in which tests begin."""

import asyncio
import gc
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from pymongo import MongoClient
from pymongo.asynchronous.collection import AsyncCollection
from xdist.scheduler import LoadFileScheduling

from infra.local.mongod import find_mongod
from infra.local.stack import Stack
from storage.database import Database
from storage.index_builds import ensure_indexes
from tests.warm import begin

#: Folders of long tests: processes that die and hang, browsers, other versions, simulated time. `make test` runs
#: only those that are marked `short`, and `make proofs` the others.
LONG = ("crashes/", "browser/", "faults/", "simulation/", "chaos/", "upgrades/")
#: The longest tests begin first, so that no worker of xdist is left alone with one in the end.
FIRST = (
    *LONG,
    "audit/",
    "journeys/",
    "infra/pdf/",
    "infra/broker/",
    "infra/local/",
    "handlers/",
)
#: Folders whose tests share servers or processes: they go to one worker, as the tests of a file do.
SHARED = ("tests/journeys", "tests/infra/local", "tests/infra/pdf")


def pytest_configure() -> None:
    """Log plainly: structlog's own tracebacks show the variables of every frame, which takes a second each."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long tests, and put all in the order of `FIRST`, others after them."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix()
        return next((at for at, beginning in enumerate(FIRST) if path.startswith(beginning)), len(FIRST))

    items.sort(key=rank)
    for item in items:
        if rank(item) < len(LONG) and not item.get_closest_marker("short"):
            item.add_marker("long")


def pytest_collection_finish() -> None:
    """Spare the collector all that was imported and collected, which stays anyway."""
    gc.collect()
    gc.freeze()


def pytest_report_header() -> str:
    """Say which database server the run is on."""
    version = subprocess.run([find_mongod(), "--version"], capture_output=True, text=True, check=True)
    return f"MongoDB: {version.stdout.splitlines()[0]}"


class FileScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Scheduler that gives a worker all tests of a file, or of a shared folder."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in SHARED if nodeid.startswith(f"{folder}/")), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FileScheduling | None:
    """Schedule by file or shared folder where `--dist loadfile` asks for it."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run coroutines on asyncio, as every process of Pressroom does."""
    return "asyncio"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the servers of the local stack, for the whole run. A missing one fails it."""
    with Stack(tmp_path_factory.mktemp("stack"), latency_s=0.05, fail_points=True, begin=begin) as running:
        running.llm.set_brevity(brief=True)
        # It goes by the real time, and would remove what expires soon by a test's clock.
        with MongoClient[Any](running.env["MONGODB_URL"]) as mongo:
            mongo.admin.command("setParameter", 1, ttlMonitorEnabled=False)
        yield running


@pytest.fixture(scope="session")
def indexed(stack: Stack) -> str:
    """Return the URL of a database with its indexes, which stay: to ask for them takes longer than most tests."""
    url = stack.env["MONGODB_URL"].replace("/pressroom?", "/tests?")

    async def build() -> None:
        database = Database(url)
        await ensure_indexes(database)
        await database.close()

    asyncio.run(build())
    return url


@pytest.fixture
async def db(indexed: str) -> AsyncIterator[Database]:
    """Open an empty database with its indexes. Each test empties it again, which is far quicker than a new one."""
    database = Database(indexed)
    yield database
    await _empty(database)
    await database.close()


async def _empty(database: Database) -> None:
    every = database.orders.database
    ours = {one.name for one in vars(database).values() if isinstance(one, AsyncCollection)}
    for name in await every.list_collection_names():
        if name in ours:
            await every[name].delete_many({})
        else:
            await every.drop_collection(name)


class StoppedClock:
    """Clock that only moves when a test moves it."""

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
    """Return a clock in the test's hands."""
    return StoppedClock()
