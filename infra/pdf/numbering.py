"""Pages on which the chapters and sections of a book begin, read from its chunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pikepdf import Object, Pdf

from infra.pdf.anchors import anchors_of


@dataclass(frozen=True)
class Place:
    """A heading: `page` counts from 1, `anchor` is the name of the destination where it stands."""

    title: str
    page: int
    anchor: str


@dataclass(frozen=True)
class NumberedChapter:
    """A chapter of `pages` pages and its sections; a section that bears the chapter's title is left out.

    An opener's sections are the chapters of its part, and their sections, and its pages are theirs too.
    """

    number: str
    place: Place
    pages: int
    sections: tuple[Place, ...]
    level: int = 1


def read_chapter(chunk: Pdf) -> NumberedChapter:
    """Return the headings of one chunk, its pages counted from its own first."""
    place, *sections = _places(chunk)
    number, level = str(chunk.docinfo["/chapter"]), int(str(chunk.docinfo["/level"]))
    return NumberedChapter(number, place, len(chunk.pages), tuple(sections), level)


def number_chapters(chunks: Sequence[NumberedChapter]) -> list[NumberedChapter]:
    """Count the pages on from chunk to chunk, and put chapters into their parts."""
    chapters: list[NumberedChapter] = []
    before = 0
    for chunk in chunks:
        found = (chunk.place, *chunk.sections)
        place, *sections = (replace(each, page=each.page + before) for each in found)
        before += chunk.pages
        if chunk.level > 1 and chapters:
            part = chapters[-1]
            inside = (*part.sections, place, *sections)
            chapters[-1] = replace(part, pages=part.pages + chunk.pages, sections=inside)
        else:
            chapters.append(replace(chunk, place=place, sections=tuple(sections)))
    return chapters


def _places(chunk: Pdf) -> Iterator[Place]:
    """Yield each entry of the chunk's outline: the chapter's, and those of its sections below it."""
    order = {page.objgen: at for at, page in enumerate((page.obj for page in chunk.pages), start=1)}
    names = {_spot(where): name for name, where in anchors_of(chunk)}
    entry: Object | None = chunk.Root.Outlines.First
    while entry is not None:
        yield Place(str(entry.Title), order[entry.Dest[0].objgen], names[_spot(entry.Dest)])
        entry = entry.get("/First") or entry.get("/Next")


def _spot(where: Object) -> tuple[tuple[int, int], Object, Object]:
    """Return page, left and top of a destination."""
    return where[0].objgen, where[2], where[3]
