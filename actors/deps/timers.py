"""Timers: calls beside the work or a little later in this process. If it dies, the sweep does their work."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import NoReturn

from infra.errors import TransientError
from infra.logs import log

Later = Callable[[], Awaitable[object]]


class Timers:
    """Pending calls on the running event loop."""

    def __init__(self) -> None:
        """Start with none."""
        self._begun: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()

    def soon(self, call: Later) -> None:
        """Await `call()` without keeping the caller."""
        _keep(self._begun, _run(call))

    def after(self, seconds: float, call: Later, sooner: asyncio.Event | None = None) -> None:
        """Await `call()` after so many seconds, or as soon as the event is set."""
        _keep(self._waiting, _run(call, seconds, sooner))

    async def finish(self) -> None:
        """Wait until every call of `soon` is done."""
        if self._begun:
            await asyncio.wait(self._begun)


def _keep(tasks: set[asyncio.Task[None]], coroutine: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _run(call: Later, seconds: float = 0.0, sooner: asyncio.Event | None = None) -> None:
    if sooner is None:
        await asyncio.sleep(seconds)
    else:
        with suppress(TimeoutError):
            await asyncio.wait_for(sooner.wait(), seconds)
    try:
        await call()
    except TransientError as error:
        log.warning("timer_left_to_sweep", error=str(error))


async def try_once(call: Later, put_off: str, failed: str) -> bool:
    """Await `call()`. False if it fails, which is logged as `put_off` if it may pass, and else as `failed`."""
    try:
        await call()
    except TransientError as error:
        log.warning(put_off, error=str(error))
    except Exception:
        log.exception(failed)
    else:
        return True
    return False


async def repeat(every_s: float, call: Later, put_off: str, failed: str) -> NoReturn:
    """Await `call()` after each `every_s` seconds, in spite of every error, which is logged as by `try_once`."""
    while True:
        await asyncio.sleep(every_s)
        await try_once(call, put_off, failed)
