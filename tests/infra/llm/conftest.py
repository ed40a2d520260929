"""A Redis of the test's own, and clients of the stub, limiters and counts that share it."""

from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
import redis

from infra.llm.client import Llm
from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.shared import SharedCount
from infra.llm.limiter.types import Terms
from infra.local.stack import Stack
from infra.settings import Settings, read_settings
from tests.infra.llm.counting import HUNDRED, Count, Open


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


@pytest.fixture
async def open_limiter(redis_url: str) -> AsyncIterator[Open]:
    """Open limiters as workers do."""
    opened: list[Limiter] = []

    def open_one(terms: Terms = HUNDRED) -> Limiter:
        opened.append(Limiter(redis_url, "model", terms))
        return opened[-1]

    yield open_one
    for limiter in opened:
        await limiter.close()


@pytest.fixture
async def open_count(redis_url: str) -> AsyncIterator[Count]:
    """Open shared counts, which answer at once where a limiter waits."""
    opened: list[SharedCount] = []

    def open_one(terms: Terms = HUNDRED) -> SharedCount:
        opened.append(SharedCount(redis_url, "model", terms))
        return opened[-1]

    yield open_one
    for count in opened:
        await count.close()


@pytest.fixture
def server(redis_url: str) -> redis.Redis:
    """Connect to the Redis itself."""
    return redis.Redis.from_url(redis_url)
