"""Sets chapters and binds books, in child processes."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.book import BookSource, ChapterSource, Style
from infra.children import ChildPool
from infra.children.child import cause
from infra.errors import PermanentError, TransientError
from infra.pdf import children
from infra.pdf.book import Book, Chunk
from infra.pdf.errors import RendererCannotStart
from infra.pdf.libraries import FONTS


class Renderer:
    """Sets chapters and binds books in `processes` children of `pool`, without ever blocking the event loop.

    A child may take `memory` bytes of address space and is replaced after `tasks_per_child` pieces of work; limits
    are in seconds of a processor. Other work for children may be run in `pool` beside it.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        tasks_per_child: int = 200,
        memory: int = 1 << 30,
        chapter_limit_s: float = 60.0,
        book_limit_s: float = 180.0,
    ) -> None:
        self._chapter_limit_s, self._book_limit_s = chapter_limit_s, book_limit_s
        self.pool = ChildPool(
            processes=processes,
            tasks_per_child=tasks_per_child,
            memory=memory,
            preload="infra.pdf.preload",
            enter_child=children.enter_child,
        )

    def begin(self) -> None:
        """Begin to load what children need, beside the caller. Failures are told by `warm_up`."""
        with suppress(OSError):
            self.pool.begin()

    async def warm_up(self) -> None:
        """Start the server process and its children, so that the first chapter is set at once.

        RendererCannotStart when they cannot be started, or no type can be set here.
        """
        try:
            await asyncio.to_thread(_make_a_socket)
            await self.pool.run(self._chapter_limit_s, children.prove_that_type_can_be_set)
        except OSError as error:
            raise RendererCannotStart(
                f"TMPDIR is not writable, or its path is too long: {cause(error)}"
            ) from error
        except (TransientError, PermanentError) as error:
            what = f"No type can be set here, perhaps for want of a font or of memory: {error}"
            raise RendererCannotStart(f"{what} Install {FONTS}") from error

    async def letters_without_font(self, letters: str) -> set[str]:
        """Return those of the letters that no font has: they are printed as boxes."""
        return await self.pool.run(self._chapter_limit_s, children.letters_without_font, letters)

    async def render_chapter(self, source: ChapterSource, style: Style) -> Chunk:
        """Set one chapter: the same source gives the same bytes in any process.

        When it never will be: ChapterCannotBeSet, TextIsUnsettable, WorkTookTooLong or
        WorkTookTooMuchMemory, all of them PermanentErrors. TransientError when the child died.
        """
        return await self.pool.run(self._chapter_limit_s, children.set_chapter, source, style)

    async def assemble(self, book: BookSource, chunks: Sequence[Path], out: Path) -> Book:
        """Join chunk files, in the order of the book, with a cover and its contents, into the file `out`.

        Fails as `render_chapter` does, with BookCannotBeBound in the place of ChapterCannotBeSet.
        """
        return await self.pool.run(self._book_limit_s, children.bind_book, book, tuple(chunks), out)

    def take_no_more(self) -> None:
        """Refuse later work, and drop what no child has begun: both end in TransientErrors. The rest goes on."""
        self.pool.take_no_more()

    async def close(self) -> None:
        """Kill the children; work in progress ends in a TransientError. Later work is refused."""
        await self.pool.close()


def _make_a_socket() -> None:
    """Make a socket where the server of children will have its own. OSError if there is no room for it."""
    with TemporaryDirectory(prefix="pymp-") as folder, socket.socket(socket.AF_UNIX) as trial:
        trial.bind(f"{folder}/listener-12345678")
