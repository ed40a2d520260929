"""Clients of a process, on an empty database, an empty Redis and a clock in the test's hands."""

from collections.abc import Iterator

import pytest

from actors.deps.process import Deps
from actors.products.plans import PlanShelf
from infra.broker.broker import Broker
from infra.local.stack import Stack
from infra.settings import read_settings
from storage.database import Database
from storage.objects import ObjectStore
from tests.conftest import StoppedClock
from tests.hook import Hook


def set_keys(environment: pytest.MonkeyPatch, stack: Stack) -> None:
    """Set the variables that boto3 reads from the environment."""
    for name, value in stack.env.items():
        if name.startswith("AWS_"):
            environment.setenv(name, value)


@pytest.fixture(scope="session")
def objects(stack: Stack) -> ObjectStore:
    """Open a client of the object store, which takes longer to build than many a test."""
    settings = read_settings(stack.env)
    with pytest.MonkeyPatch.context() as environment:
        set_keys(environment, stack)
        return ObjectStore(settings.s3_bucket, settings.aws_endpoint_url_s3)


@pytest.fixture
def deps(
    stack: Stack, db: Database, clock: StoppedClock, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deps]:
    """Build the dependencies of web and sweep, against real servers."""
    set_keys(monkeypatch, stack)
    broker = Broker(stack.env["REDIS_URL"].removesuffix("/0") + "/8")
    broker.client.flushdb()
    settings = read_settings(stack.env)
    yield Deps(settings, clock, db, broker, objects, PlanShelf(db))
    broker.client.close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Serve an operators' webhook."""
    with Hook() as running:
        yield running
