"""The pool of child processes in which chapters are set and books are bound."""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from infra.errors import TransientError
from infra.pdf import children
from infra.pdf.book import Book, BookSource, ChapterSource, Chunk, Style
from infra.pdf.errors import RenderingTookTooLong, RenderingTookTooMuchMemory

P = ParamSpec("P")
T = TypeVar("T")


class Renderer:
    """Sets chapters and binds books in `processes` children, without ever blocking the event loop.

    Children are forked from one warmed server process, replaced after `tasks_per_child` pieces of work, bounded
    to `memory` bytes of address space, and killed when a piece of work takes longer than its limit (in seconds,
    counted from its start) or is cancelled. They die with the process that owns the renderer, however it dies.
    Belongs to one event loop.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        tasks_per_child: int = 20,
        memory: int = 1 << 30,
        chapter_limit_s: float = 60.0,
        book_limit_s: float = 180.0,
    ) -> None:
        self._processes, self._tasks_per_child, self._memory = processes, tasks_per_child, memory
        self._chapter_limit_s, self._book_limit_s = chapter_limit_s, book_limit_s
        self._changing = asyncio.Lock()
        self._closed = False
        self._awaited: set[Future[Any]] = set()
        self._pool = self._new_pool()

    async def warm_up(self) -> None:
        """Start the server process and its children, so that the first chapter is set at once.

        RendererCannotStart when the typesetting libraries do not load; otherwise as `render_chapter`.
        """
        await self._run(self._chapter_limit_s, children.prove_that_type_can_be_set)

    async def render_chapter(self, source: ChapterSource, style: Style) -> Chunk:
        """Set one chapter: the same source gives the same bytes in any process.

        When it never will be: ChapterCannotBeSet (TextIsUnsettable among them), RenderingTookTooLong or
        RenderingTookTooMuchMemory, all of them PermanentErrors. TransientError when the child died.
        """
        return await self._run(self._chapter_limit_s, children.set_chapter, source, style)

    async def assemble(self, book: BookSource, chunks: Sequence[Path], out: Path) -> Book:
        """Join chunk files, in the order of the book, with a cover and its contents, into the file `out`.

        Fails as `render_chapter` does, with BookCannotBeBound in the place of ChapterCannotBeSet.
        """
        return await self._run(self._book_limit_s, children.bind_book, book, tuple(chunks), out)

    async def close(self) -> None:
        """Kill the children; work in progress ends in a TransientError. Nothing can be rendered any more."""
        self._closed = True
        async with self._changing:
            for future in tuple(self._awaited):
                future.cancel()
            await asyncio.to_thread(_end, self._pool)

    async def _run(self, limit_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a child, its failures translated."""
        try:
            try:
                return await self._attempt(limit_s, work, *args, **kwargs)
            except BrokenProcessPool:  # an idle child's death, not the work's doing
                return await self._attempt(limit_s, work, *args, **kwargs)
        except TimeoutError as error:
            raise RenderingTookTooLong(f"Rendering took longer than {limit_s:g} s.") from error
        except ProcessExpired as error:
            if error.exitcode == children.OUT_OF_MEMORY:
                raise RenderingTookTooMuchMemory(f"Rendering needs over {self._memory >> 20} MB.") from error
            raise TransientError("A rendering process died.") from error
        except BrokenProcessPool as error:
            raise TransientError("The rendering processes died.") from error

    async def _attempt(self, limit_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Schedule `work` and wait for it; when cancelled, its child is killed."""
        pool = await self._live_pool()
        try:
            future = pool.schedule(work, args=args, kwargs=kwargs, timeout=limit_s)
        except RuntimeError as error:  # it broke since it was looked at
            raise BrokenProcessPool(str(error)) from error
        self._awaited.add(future)
        future.add_done_callback(self._awaited.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError as error:
            # Only a cancelled caller may see what `close` drops as a cancellation of its own.
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                raise TransientError("The renderer was closed.") from error
            raise

    async def _live_pool(self) -> ProcessPool:
        """The pool, started; a broken one is replaced: a child that dies while all are idle breaks it."""
        async with self._changing:
            if self._closed:
                raise TransientError("The renderer is closed.")
            if not await asyncio.to_thread(_start, self._pool):
                broken, self._pool = self._pool, self._new_pool()
                await asyncio.to_thread(_end, broken)
                await asyncio.to_thread(_start, self._pool)
            return self._pool

    def _new_pool(self) -> ProcessPool:
        """A pool that has not started yet: no process is made here."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["infra.pdf.warmth"])
        return ProcessPool(
            self._processes,
            max_tasks=self._tasks_per_child,
            initializer=children.prepare,
            initargs=(self._memory,),
            context=context,
        )


def _start(pool: ProcessPool) -> bool:
    """Start the pool if need be, which takes about a second; False if it is broken."""
    return bool(pool.active)


def _end(pool: ProcessPool) -> None:
    """Kill the pool's children and wait for its threads."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
