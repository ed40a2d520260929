"""Functions that run in a child process. The owner imports them too: heavy libraries are loaded inside them."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from infra.book import BookSource, ChapterSource, Style
from infra.children.child import cause, give_up
from infra.errors import PermanentError
from infra.pdf.book import Book, Chunk
from infra.pdf.errors import BookCannotBeBound, ChapterCannotBeSet, RendererCannotStart


def enter_child() -> None:
    """Give this child a folder for its fonts, and a fixed date for emoji."""
    from infra.pdf import font_dir

    # Emoji faces are rewritten with the time of day in them, unless this variable says another.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    font_dir.use_own_folder()


def prove_that_type_can_be_set() -> None:
    """Set one small page. RendererCannotStart names what is missing."""
    from infra.pdf.preload import set_small_page

    try:
        set_small_page()
    except (ImportError, OSError) as error:
        raise RendererCannotStart(f"WeasyPrint cannot be used here: {cause(error)}") from error


def letters_without_font(letters: str) -> set[str]:
    """Return those of the letters that no font has, be it the house's or the system's."""
    from infra.pdf.faces import Whole
    from infra.pdf.typesetter import typeset

    # In one line, so that nobody looks for places to break it: that took most of the time.
    line = f'<html lang="en"><p style="white-space: pre">{escape(letters)}</p>'
    document = typeset(line, Style(accent="#000000", tint="#ffffff"))
    document.fonts = Whole({})  # without files, so that no subset is made
    document.write_pdf()
    lost = set[int]().union(*(font.missing for font in document.fonts.values()))
    return set(map(chr, lost))


def set_chapter(source: ChapterSource, style: Style) -> Chunk:
    """Set one chapter in this process, as Renderer.render_chapter promises."""
    from infra.pdf.pages import chapter_html
    from infra.pdf.tagging import tag_chapter
    from infra.pdf.typesetter import typeset_fitted, write_part

    with _reporting(ChapterCannotBeSet, f"Chapter {source.anchor} cannot be set"):
        document = typeset_fitted(chapter_html(source, style), style)
        pages, pdf = len(document.pages), write_part(document, lambda pdf: tag_chapter(pdf, source.anchor))
        del document
        gc.collect()  # a layout is full of cycles, and the next one would stand beside it
        return Chunk(pdf, pages)


def bind_book(book: BookSource, chunks: tuple[Path, ...], out: Path) -> Book:
    """Bind a book in this process, as Renderer.assemble promises."""
    from infra.pdf.binding import bind_book

    with _reporting(BookCannotBeBound, "The book cannot be bound"):
        return bind_book(book, chunks, out)


@contextmanager
def _reporting(kind: type[PermanentError], what: str) -> Iterator[None]:
    """Turn every failure into an error that may leave the child."""
    try:
        yield
    except (MemoryError, SystemError):
        give_up()
    except PermanentError:
        raise
    except Exception as error:
        failure = kind(f"{what}: {type(error).__name__}.")
        failure.add_note(cause(error))  # it may quote the text that was to be set
        raise failure from error
