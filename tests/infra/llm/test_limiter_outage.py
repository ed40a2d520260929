"""The limiter while Redis is away: a real one that was stopped, or that hangs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.types import Limits, Outcome, Terms
from infra.local.stack import Stack

pytestmark = pytest.mark.anyio

TERMS = Terms(Limits(requests=6_000, tokens=10**9), timeout_s=120)


@pytest.fixture
async def limiter(redis_url: str) -> AsyncIterator[Limiter]:
    """A worker's limiter, whose limits leave room."""
    limiter = Limiter(redis_url, "model", TERMS)
    await limiter.wait_for_room(1)
    yield limiter
    await limiter.close()


async def test_calls_wait_for_a_redis_that_is_away(limiter: Limiter, stack: Stack) -> None:
    """No call is made while nobody counts, and those in line are made once Redis is back."""
    held = await limiter.wait_for_room(1)
    stack.part("redis").terminate()
    waiting = [asyncio.create_task(limiter.wait_for_room(1)) for _ in range(3)]
    await limiter.settle(held, Outcome("answered"))
    done, _ = await asyncio.wait(waiting, timeout=2.5)
    assert not done
    stack.part("redis").start()
    assert len(await asyncio.wait_for(asyncio.gather(*waiting), 30)) == 3


async def test_a_call_that_stops_waiting_for_redis_holds_nothing(limiter: Limiter, stack: Stack) -> None:
    """A cancelled caller leaves the line of a Redis that hangs, and the next one is served after it."""
    os.kill(stack.part("redis").pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(limiter.wait_for_room(1), 1.5)
    finally:
        os.kill(stack.part("redis").pid, signal.SIGCONT)
    found = await asyncio.wait_for(limiter.wait_for_room(1), 30)
    await limiter.settle(found, Outcome("answered"))
