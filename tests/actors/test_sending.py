"""Messages are sent beside everything else that a process does."""

import asyncio
import socket
import threading
from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.messages import Post, send_all
from infra.broker.broker import Broker

pytestmark = pytest.mark.anyio


def senders() -> set[threading.Thread]:
    """Return the threads that send. Other brokers of this process have theirs."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("sender")}


async def test_a_redis_that_hangs_holds_one_thread(deps: Deps) -> None:
    """What is sent meanwhile is left to the sweep within its deadline, and whoever needs a thread has one."""
    before = senders()
    with socket.create_server(("127.0.0.1", 0)) as hung:
        stuck = replace(deps, broker=Broker(f"redis://127.0.0.1:{hung.getsockname()[1]}/0"))
        posts = [Post("books", "note", f"m-{nth}", {}) for nth in range(50)]
        sending = [asyncio.create_task(send_all(stuck, [post])) for post in posts]
        async with asyncio.timeout(5):
            await asyncio.gather(*(asyncio.to_thread(threading.get_ident) for _ in range(50)))
        assert len(senders() - before) <= 1
        async with asyncio.timeout(10):
            assert not any(await asyncio.gather(*sending))
