"""The pool of child processes."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from infra.children import child
from infra.errors import PermanentError, TransientError

#: The environment variable that tells the server of children the process that owns it: it may be gone by then.
OWNER = "PRESSROOM_CHILDREN_OF"
#: How often waiting work checks that the pool still lives.
_LOOK_S = 1.0
#: A child has so many times its limit by the clock: other processes come before it.
_PATIENCE = 10

P = ParamSpec("P")
T = TypeVar("T")


class WorkTookTooLong(PermanentError):
    """A child used up its time of a processor, or hung, and was killed."""


class WorkTookTooMuchMemory(PermanentError):
    """A child reached its bound of memory, and was given up."""


class ChildPool:
    """Does work in `processes` children, without ever blocking the event loop.

    Children are forked from one server process that has loaded the module `preload`, replaced after
    `tasks_per_child` pieces of work, bounded to `memory` bytes of address space, and killed when a piece of work
    takes more of a processor than its limit or is cancelled. They die with the process that owns the pool, however
    it dies. The pool starts with its first work. It belongs to one event loop.
    """

    def __init__(
        self, *, processes: int, tasks_per_child: int, memory: int, preload: str, enter_child: Callable[[], None]
    ) -> None:
        """Start nothing yet; `enter_child` is called in each new child."""
        self._processes, self._tasks_per_child, self._memory = processes, tasks_per_child, memory
        self._preload, self._enter_child = preload, enter_child
        self._changing = asyncio.Lock()
        self._closed = False
        self._awaited: set[Future[Any]] = set()
        self._pool = self._new_pool()

    def begin(self) -> None:
        """Start the server process, which loads for a second or two, and do not wait for it. May raise OSError."""
        os.environ[OWNER] = str(os.getpid())
        forkserver.ensure_running()

    async def run(self, limit_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` returns in a child, or raise what it raises.

        WorkTookTooLong after `limit_s` seconds of a processor, or ten times as many by the clock.
        WorkTookTooMuchMemory above the bound. TransientError if the child died otherwise.
        """
        began = time.monotonic()
        try:
            try:
                return await self._attempt(limit_s, work, *args, **kwargs)
            except BrokenProcessPool:  # an idle child's death, not the work's doing
                return await self._attempt(limit_s, work, *args, **kwargs)
        except TimeoutError as error:
            if time.monotonic() - began < _PATIENCE * limit_s:  # pebble goes by the wall clock
                raise TransientError("The clock was set while a child was at work.") from error
            raise WorkTookTooLong(f"It hung for {_PATIENCE * limit_s:g} s.") from error
        except ProcessExpired as error:
            if error.exitcode == child.OUT_OF_TIME:
                raise WorkTookTooLong(f"It took more than {limit_s:g} s of a processor.") from error
            if error.exitcode == child.OUT_OF_MEMORY:
                raise WorkTookTooMuchMemory(f"It needs over {self._memory >> 20} MB.") from error
            raise TransientError("A child process died.") from error
        except BrokenProcessPool as error:
            raise TransientError("The child processes died.") from error

    def take_no_more(self) -> None:
        """Refuse later work, and drop what no child has begun: both end in TransientErrors. The rest goes on."""
        self._closed = True
        for future in self._awaited - self.begun():
            future.cancel()

    def begun(self) -> set[Future[Any]]:
        """Return what children are known to have begun. Of a beginning this process hears a moment later."""
        return {future for future in tuple(self._awaited) if future.running()}

    async def close(self) -> None:
        """Kill the children; work in progress ends in a TransientError. Later work is refused."""
        self._closed = True
        async with self._changing:
            for future in tuple(self._awaited):
                future.cancel()
            await asyncio.to_thread(_end, self._pool)

    async def _attempt(self, limit_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Schedule `work` and wait for it; when cancelled, its child is killed."""
        pool = await self._live_pool()
        try:
            bounded = (limit_s, work, args, kwargs)
            future: Future[T] = pool.schedule(child.within, args=bounded, timeout=_PATIENCE * limit_s)
        except RuntimeError as error:  # it broke since it was looked at
            raise BrokenProcessPool(str(error)) from error
        self._awaited.add(future)
        future.add_done_callback(self._awaited.discard)
        try:
            return await _outcome(pool, asyncio.wrap_future(future))
        except asyncio.CancelledError as error:
            # Only a cancelled caller may see work that `close` drops as a cancellation of its own.
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                raise TransientError("The child processes were closed.") from error
            raise

    async def _live_pool(self) -> ProcessPool:
        """Return the pool, started; a broken one is replaced: a child that dies while all are idle breaks it."""
        async with self._changing:
            if self._closed:
                raise TransientError("The child processes are closed.")
            if not await asyncio.to_thread(_start, self._pool):
                broken, self._pool = self._pool, self._new_pool()
                await asyncio.to_thread(_end, broken)
                await asyncio.to_thread(_start, self._pool)
            return self._pool

    def _new_pool(self) -> ProcessPool:
        """Return a pool that has not started yet: no process is made here."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["infra.children.begin_server", self._preload, "infra.children.end_server_start"]
        )
        return ProcessPool(
            self._processes,
            max_tasks=self._tasks_per_child,
            initializer=child.prepare,
            initargs=(self._memory, self._enter_child),
            context=context,
        )


async def _outcome(pool: ProcessPool, work: asyncio.Future[T]) -> T:
    """Return the result of scheduled work; when cancelled, cancel the work.

    BrokenProcessPool too if the pool breaks before a child has the work: no answer would come.
    """
    try:
        while not work.done():
            broken = not pool.active
            await asyncio.wait((work,), timeout=_LOOK_S)
            if broken and not work.done():
                raise BrokenProcessPool("The children died before one had the work.")
        return work.result()
    finally:
        work.cancel()


def _start(pool: ProcessPool) -> bool:
    """Start the pool if need be, which takes about a second; False if it is broken."""
    os.environ[OWNER] = str(os.getpid())
    return bool(pool.active)


def _end(pool: ProcessPool) -> None:
    """Kill the pool's children and wait for its threads."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
