"""A Redis of the test's own: an empty database of the stack's server, and the means to break its connections."""

from collections.abc import Iterator

import pytest
import redis

from infra.local.stack import Stack


@pytest.fixture
def redis_url(stack: Stack) -> Iterator[str]:
    """The URL of an empty Redis database that no other test uses."""
    url = stack.env["REDIS_URL"].removesuffix("/0") + "/9"
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()
    client.close()
