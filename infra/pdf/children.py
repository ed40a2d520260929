"""What runs in a child process. Imported by the owner too: heavy libraries are loaded inside the functions."""

import os
from pathlib import Path

from infra.children.child import cause, give_up
from infra.errors import PermanentError
from infra.pdf.book import Book, BookSource, ChapterSource, Chunk, Style
from infra.pdf.errors import BookCannotBeBound, ChapterCannotBeSet, RendererCannotStart


def move_in() -> None:
    """Give this child a folder for its fonts."""
    from infra.pdf import scratch

    # Emoji faces are rewritten with the time of day in them, unless this variable says another.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    scratch.move_in()


def prove_that_type_can_be_set() -> None:
    """Set one small page. RendererCannotStart names what is missing."""
    try:
        from infra.pdf.warmth import set_small_page

        set_small_page()
    except (ImportError, OSError) as error:
        raise RendererCannotStart(f"WeasyPrint cannot be used here: {cause(error)}") from error


def set_chapter(source: ChapterSource, style: Style) -> Chunk:
    """As Renderer.render_chapter, in this process."""
    from infra.pdf.chapter import set_chapter

    try:
        return set_chapter(source, style)
    except (MemoryError, SystemError):
        give_up()
    except PermanentError:
        raise
    except Exception as error:
        raise ChapterCannotBeSet(f"Chapter {source.anchor} cannot be set: {cause(error)}") from error


def bind_book(book: BookSource, chunks: tuple[Path, ...], out: Path) -> Book:
    """As Renderer.assemble, in this process."""
    from infra.pdf.binding import bind_book

    try:
        return bind_book(book, chunks, out)
    except (MemoryError, SystemError):
        give_up()
    except Exception as error:
        raise BookCannotBeBound(f"The book cannot be bound: {cause(error)}") from error
