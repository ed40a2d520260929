"""EPUB 3 of a report: a file that reading apps open without a network. The same report gives the same bytes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Template
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from infra.book import AI_SOURCE, BookSource
from infra.book.decoration import palette, rosette
from infra.book.untrusted import one_line
from infra.book.words import direction, language_tag, leading_direction, words
from infra.reading.pages import fill
from infra.reading.parts import TITLE_LENGTH, Part, part_html, places_of

_MIMETYPE = "application/epub+zip"
_NAME_LENGTH = 90
_FOLDER = Path(__file__).parent / "templates"


def write_epub(book: BookSource, parts: Sequence[Part], identifier: str, made_at: datetime) -> bytes:
    """Return the file. `identifier` is a URN that no other book has. TextIsUnsettable if a text breaks a bound."""
    at = made_at.astimezone(UTC)
    with BytesIO() as file:
        with ZipFile(file, "w") as archive:
            # Whoever looks at the first bytes shall know what it is, so that they are not compressed.
            for name, content in (("mimetype", _MIMETYPE), *_documents(book, parts, identifier, at)):
                entry = ZipInfo(name, at.timetuple()[:6])
                archive.writestr(entry, content, ZIP_STORED if name == "mimetype" else ZIP_DEFLATED)
        return file.getvalue()


def _documents(
    book: BookSource, parts: Sequence[Part], identifier: str, at: datetime
) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each file but the first."""
    language = language_tag(book.style.language)
    spoken, name = words(language), one_line(book.prepared_for, _NAME_LENGTH)
    files = [f"part-{number}.xhtml" for number, _ in enumerate(parts, start=1)]
    places = places_of(parts, files)
    known = {
        "language": language,
        "direction": direction(language),
        "title": one_line(book.title, TITLE_LENGTH),
        "subtitle": one_line(book.subtitle, TITLE_LENGTH),
        "author": one_line(book.author, _NAME_LENGTH),
        "name": name,
        "name_direction": leading_direction(name, direction(language)),
        "words": spoken,
        "ai_source": AI_SOURCE if book.ai_notice else "",
        "parts": parts,
        "places": places,
    }
    yield "META-INF/container.xml", fill("container.xml")
    yield "OEBPS/package.opf", fill("package.opf", **known, identifier=identifier, day=book.date, at=at)
    yield "OEBPS/nav.xhtml", fill("nav.xhtml", **known)
    drawn = {"date": spoken.date(book.date), "rosette": rosette(book.title)}
    yield "OEBPS/title.xhtml", fill("title.xhtml", **known, **drawn)
    style = Template((_FOLDER / "epub.css").read_text(encoding="utf-8"))
    yield "OEBPS/book.css", style.substitute(palette(book.style))
    for part, file in zip(parts, files, strict=True):
        body = part_html(part, book.style, places, "nav.xhtml")
        yield f"OEBPS/{file}", fill("part.xhtml", **known, part=part, body=body)
