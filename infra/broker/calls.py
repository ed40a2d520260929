"""Calls to Redis: every failure as one error, and the members of its sets as text."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import redis
from dramatiq.errors import ConnectionClosed


@contextmanager
def asking(failure: Callable[[str], Exception] = ConnectionClosed) -> Iterator[None]:
    """Raise every failure of Redis as this one; at Dramatiq's own it connects anew."""
    try:
        yield
    except redis.RedisError as error:
        raise failure(f"Redis does not answer: {str(error)[:200]}") from error


def decoded(members: Iterable[bytes | str]) -> set[str]:
    """Return the members of a Redis set as text."""
    return {member.decode() if isinstance(member, bytes) else member for member in members}
