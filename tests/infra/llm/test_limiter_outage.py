"""The limiter while Redis is away: a real one that was stopped, or that hangs."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.llm.limiter.limiter import Limiter
from infra.llm.limiter.types import Limits, Outcome, Terms
from infra.local.ports import HOST
from infra.local.stack import Stack
from tests.chaos.proxy import Proxy
from tests.infra.mail.authority import make_authority
from tests.ports import free_ports

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


@pytest.fixture
def tls_port(redis_url: str, tmp_path: Path) -> Iterator[int]:
    """The port of a door to Redis that speaks TLS, by the authority in this test's folder."""
    _, certificate = make_authority(tmp_path)
    (port,) = free_ports(1)
    to = str(urlsplit(redis_url).port)
    words = [sys.executable, "-m", "tests.infra.deploy.tls_door", str(port), to, str(certificate)]
    with subprocess.Popen(words) as door:
        yield port
        door.kill()


async def test_calls_wait_for_a_redis_behind_tls_that_hangs(redis_url: str, tls_port: int, tmp_path: Path) -> None:
    """Not even an idle connection ends while nobody answers: no call fails of that, and the limiter closes."""
    authority = tmp_path / "authority.pem"
    with Proxy(tls_port) as line:
        database = urlsplit(redis_url).path
        limiter = Limiter(f"rediss://{HOST}:{line.port}{database}?ssl_ca_certs={authority}", "model", TERMS)
        held, *others = [await limiter.wait_for_room(1) for _ in range(4)]
        await asyncio.gather(*(limiter.settle(one, Outcome("answered")) for one in others))
        line.turn("deaf")
        waiting = asyncio.create_task(limiter.wait_for_room(1))
        await limiter.settle(held, Outcome("answered"))
        done, _ = await asyncio.wait([waiting], timeout=3.0)
        assert not done
        line.turn("open")
        await limiter.settle(await asyncio.wait_for(waiting, 30), Outcome("answered"))
        line.turn("deaf")
        await limiter.close()
