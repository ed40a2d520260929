"""Parts of a report as a screen shows them: an opener with all that stands beneath it, or a chapter alone."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from infra.book import ChapterSource, Style
from infra.book.drawing import DrawnChart, draw
from infra.book.prose import prose_html
from infra.book.untrusted import one_line
from infra.book.words import language_tag
from infra.reading.pages import fill

#: The address of each place in a book, by its anchor.
Places = Mapping[str, str]

TITLE_LENGTH = 160
#: A link within the book, as `prose_html` leaves it.
_LINK = re.compile(r'<a href="book:([^"]*)"')
_HEADING = re.compile(r"(</?h)([3-5])")


@dataclass(frozen=True)
class Section:
    """Section with its text, which is in markdown. Without a title it is the only one, and the part bears it."""

    anchor: str
    title: str
    markdown: str


@dataclass(frozen=True)
class Part:
    """Part, and by their anchors the chapters that it was made of. Titles are short single lines."""

    anchor: str
    number: int | None
    title: str
    subtitle: str
    chart: DrawnChart | None
    sections: tuple[Section, ...]
    chapters: tuple[str, ...]


def parts_of(chapters: Iterable[ChapterSource]) -> list[Part]:
    """Return the parts of a book, given its chapters in order."""
    parts: list[Part] = []
    for chapter in chapters:
        if chapter.level > 1 and parts:
            part, inside = parts[-1], tuple(_beneath(chapter))
            parts[-1] = replace(part, sections=part.sections + inside, chapters=(*part.chapters, chapter.anchor))
        else:
            parts.append(_part(chapter))
    return parts


def _part(chapter: ChapterSource) -> Part:
    title = _line(chapter.title)
    return Part(
        anchor=chapter.anchor,
        number=chapter.number,
        title=title,
        subtitle=_line(chapter.subtitle),
        chart=draw(chapter.chart) if chapter.chart else None,
        sections=tuple(_sections(chapter)),
        chapters=(chapter.anchor,),
    )


def _beneath(chapter: ChapterSource) -> Iterator[Section]:
    """Yield the sections of a chapter beneath an opener, each under a title."""
    title = _line(chapter.title)
    for section in _sections(chapter):
        if section.title:
            yield section
        else:
            yield replace(section, anchor=chapter.anchor, title=title)


def _sections(chapter: ChapterSource) -> Iterator[Section]:
    """Yield a chapter's sections, under the anchors that they have in print."""
    titled_once = len(chapter.sections) == 1 and _line(chapter.sections[0].title) == _line(chapter.title)
    for number, section in enumerate(chapter.sections, start=1):
        title = "" if titled_once else _line(section.title)
        yield Section(f"{chapter.anchor}-{number}", title, section.markdown)


def places_of(parts: Sequence[Part], files: Sequence[str]) -> Places:
    """Return the address of each part and section by its anchor, given the addresses of the parts."""
    places: dict[str, str] = {}
    for part, file in zip(parts, files, strict=True):
        places[part.anchor] = file
        places |= {section.anchor: f"{file}#{section.anchor}" for section in part.sections}
    return places


def part_html(part: Part, style: Style, places: Places, otherwise: str) -> Markup:
    """Return a part's heading, chart and text as HTML that is XML as well. TextIsUnsettable if a bound is broken.

    A link within the book leads to its place, or to `otherwise` if the book has no such place.
    """
    language = language_tag(style.language)

    def lead(link: re.Match[str]) -> str:
        return str(Markup('<a href="{}"').format(places.get(link[1], otherwise)))

    def body(section: Section) -> Markup:
        html = _as_xml(prose_html(section.markdown, section.title or part.title, language))
        # Beneath the part's own title, headings are one level higher.
        html = html if section.title else _HEADING.sub(lambda found: f"{found[1]}{int(found[2]) - 1}", html)
        return Markup(_LINK.sub(lead, html))  # noqa: S704 (made safe by prose_html)

    return fill("part.html", part=part, bodies=[body(section) for section in part.sections])


def _as_xml(html: str) -> str:
    """Return what nh3 wrote as XML: of the elements it allows two have no end, and XML knows no space by name."""
    return html.replace("<br>", "<br/>").replace("<hr>", "<hr/>").replace("&nbsp;", "\N{NO-BREAK SPACE}")


def _line(text: str) -> str:
    return one_line(text, TITLE_LENGTH)
