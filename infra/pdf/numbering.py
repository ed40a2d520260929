"""Where each chapter and section of a book begins, read from its chunks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pikepdf import Pdf


@dataclass(frozen=True)
class Place:
    """A heading and where it stands: `page` counts the body's pages from 1, `top` is in points from below."""

    title: str
    page: int
    top: float


@dataclass(frozen=True)
class NumberedChapter:
    """A chapter of `pages` pages and its sections; a section that bears the chapter's title is left out.

    An opener's sections are the chapters of its part, and their sections, and its pages are theirs too.
    """

    number: str
    place: Place
    pages: int
    sections: tuple[Place, ...]


@dataclass(frozen=True)
class Numbering:
    """The whole body, in order."""

    chapters: tuple[NumberedChapter, ...]


def number_chapters(chunks: Iterable[Path]) -> Numbering:
    """Read each chunk's outline, one file at a time, and count its pages on."""
    chapters: list[NumberedChapter] = []
    before = 0
    for path in chunks:
        with Pdf.open(path) as chunk:
            chapter, level = _read(chunk, before), int(str(chunk.docinfo["/level"]))
        before += chapter.pages
        if level > 1 and chapters:
            chapters[-1] = _joined(chapters[-1], chapter)
        else:
            chapters.append(chapter)
    return Numbering(tuple(chapters))


def _joined(part: NumberedChapter, chapter: NumberedChapter) -> NumberedChapter:
    """The part with a chapter more."""
    sections = (*part.sections, chapter.place, *chapter.sections)
    return replace(part, pages=part.pages + chapter.pages, sections=sections)


def _read(chunk: Pdf, before: int) -> NumberedChapter:
    """One chunk, which follows `before` pages of the body."""
    order = {page.obj.objgen: at for at, page in enumerate(chunk.pages, start=before + 1)}
    with chunk.open_outline() as outline:
        (opener,) = outline.root
        place = _place(opener, order)
        sections = tuple(_place(item, order) for item in opener.children)
    return NumberedChapter(str(chunk.docinfo["/chapter"]), place, len(chunk.pages), sections)


def _place(item: Any, order: dict[tuple[int, int], int]) -> Place:
    """An outline entry, whose destination is an array of page, /XYZ, left, top and zoom."""
    page, _, _, top, _ = item.destination
    return Place(item.title, order[page.objgen], float(top))
