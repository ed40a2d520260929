"""A burst of webhooks beside whatever a test does."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.faults.storm import AT_ONCE, opened, signed
from tests.pressroom import Pressroom


class Told(NamedTuple):
    """An answer of the webhook, and when it was asked for."""

    began: float
    status: int
    seconds: float


@contextmanager
def delivering(pressroom: Pressroom, events: Sequence[dict[str, Any]]) -> Iterator[list[Told]]:
    """Deliver events meanwhile, each until it is accepted, as Stripe does it; they are when the block is left."""
    left, told = deque(events), list[Told]()

    async def deliver() -> None:
        line = await opened(pressroom.stack.web_port)
        while left:
            event, began = left.popleft(), time.monotonic()
            answer = await line.ask(signed(pressroom, event))
            told.append(Told(began, *answer))
            if answer.status != 200:
                left.append(event)
        line.close()

    async def run() -> None:
        await asyncio.gather(*(deliver() for _ in range(AT_ONCE)))

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(asyncio.run, run())
        yield told
        done.result()
