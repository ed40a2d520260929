"""What runs in a child process. Imported by the owner too: heavy libraries are loaded inside the functions."""

import multiprocessing
import os
import resource
import sys
from pathlib import Path
from threading import Thread
from typing import NoReturn

from infra.errors import PermanentError
from infra.pdf.book import Book, BookSource, ChapterSource, Chunk, Style
from infra.pdf.errors import BookCannotBeBound, ChapterCannotBeSet, RendererCannotStart

OUT_OF_MEMORY = 70  # the exit status that tells the owner why; any other is a crash


def prepare(memory: int) -> None:
    """Bound this child to `memory` bytes of address space, tie its life to the owner's, give it a folder."""
    from infra.pdf.scratch import move_in

    if sys.platform == "linux":  # macOS refuses the limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Emoji faces are rewritten with the time of day in them, unless this variable says another.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    Thread(target=_die_with_owner, daemon=True).start()
    move_in()


def prove_that_type_can_be_set() -> None:
    """Set one small page. RendererCannotStart names what is missing."""
    try:
        from infra.pdf.warmth import set_small_page

        set_small_page()
    except (ImportError, OSError) as error:
        raise RendererCannotStart(f"WeasyPrint cannot be used here: {_cause(error)}") from error


def set_chapter(source: ChapterSource, style: Style) -> Chunk:
    """As Renderer.render_chapter, in this process."""
    from infra.pdf.chapter import set_chapter

    try:
        return set_chapter(source, style)
    except (MemoryError, SystemError):
        _give_up()
    except PermanentError:
        raise
    except Exception as error:
        raise ChapterCannotBeSet(f"Chapter {source.anchor} cannot be set: {_cause(error)}") from error


def bind_book(book: BookSource, chunks: tuple[Path, ...], out: Path) -> Book:
    """As Renderer.assemble, in this process."""
    from infra.pdf.binding import bind_book

    try:
        return bind_book(book, chunks, out)
    except (MemoryError, SystemError):
        _give_up()
    except Exception as error:
        raise BookCannotBeBound(f"The book cannot be bound: {_cause(error)}") from error


def _give_up() -> NoReturn:
    """Exit: libraries that have run out of memory are left in a state that spoils what comes next.

    (A failed allocation inside a C library surfaces as a SystemError.)
    """
    os._exit(OUT_OF_MEMORY)


def _cause(error: Exception) -> str:
    """The error in one line; only text leaves the child, since foreign exceptions may not unpickle."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _die_with_owner() -> None:
    """Wait for the owner's end of a pipe to close, which a kill -9 does too, and exit at once."""
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)
