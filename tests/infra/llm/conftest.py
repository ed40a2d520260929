"""A Redis of the test's own, and clients of the stub that share it."""

from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
import redis

from infra.llm.client import Llm
from infra.local.stack import Stack
from infra.settings import Settings, read_settings


@pytest.fixture
def redis_url(stack: Stack) -> Iterator[str]:
    """The URL of an empty Redis database that no other test uses."""
    url = stack.env["REDIS_URL"].removesuffix("/0") + "/7"
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()
    client.close()


@pytest.fixture
def settings(stack: Stack, redis_url: str) -> Iterator[Settings]:
    """The settings of a client of the stub, which has no faults afterwards, and tells its limits."""
    yield msgspec.structs.replace(read_settings(stack.env), redis_url=redis_url)
    stack.llm.clear_faults()
    stack.llm.tell_limits("real")
    stack.llm.set_limits(requests_per_minute=30_000, tokens_per_minute=180_000_000)


@pytest.fixture
async def llm(settings: Settings) -> AsyncIterator[Llm]:
    """A client of the stub."""
    client = Llm(settings)
    yield client
    await client.close()
