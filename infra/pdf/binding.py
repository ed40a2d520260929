"""Chunks become a book: cover and contents in front, page numbers, outline, metadata."""

from hashlib import file_digest
from io import BytesIO
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String

from infra.pdf.anchors import CONTENTS, link_pages
from infra.pdf.book import Book, BookSource
from infra.pdf.folio import Folios, roman
from infra.pdf.joint import Joint
from infra.pdf.numbering import Numbering, Place, number_chapters, read_chapter
from infra.pdf.pages import front_html
from infra.pdf.tagging import tag_front
from infra.pdf.typecase import Typecase
from infra.pdf.typesetter import typeset, write_part
from infra.pdf.untrusted import printable
from infra.pdf.words import language_tag, words


def bind_book(book: BookSource, chunks: tuple[Path, ...], out: Path) -> Book:
    """Write the book to `out`. The same chunks and the same words about them give the same bytes."""
    with Pdf.new() as pdf:
        case = Typecase(pdf)
        fore, numbering = _join(pdf, case, book, chunks)
        _stamp(pdf, Folios(pdf, case, book.style), fore)
        case.fill(book.style)
        link_pages(pdf.pages, _titles(numbering, book))
        _label(pdf, fore)
        _outline(pdf, numbering)
        _describe(pdf, book)
        packed = pikepdf.ObjectStreamMode.generate
        pdf.save(out, min_version="1.7", object_stream_mode=packed, deterministic_id=True)
        pages = len(pdf.pages)
    with out.open("rb") as file:
        sha256 = file_digest(file, "sha256").hexdigest()
    return Book(path=out, pages=pages, size=out.stat().st_size, sha256=sha256)


def _join(pdf: Pdf, case: Typecase, book: BookSource, chunks: tuple[Path, ...]) -> tuple[int, Numbering]:
    """Join the chunks, one open at a time, and what goes before them: how many pages that has, and the chunks'."""
    joint, chapters = Joint(pdf, case), []
    for path in chunks:
        with Pdf.open(path) as chunk:
            chapters.append(read_chapter(chunk))
            joint.append(chunk)
    numbering = number_chapters(chapters)
    front = typeset(front_html(book, numbering), book.style, book.logo)
    with Pdf.open(BytesIO(write_part(front, tag_front))) as part:
        joint.prepend(part)
    joint.finish()
    return len(front.pages), numbering


def _stamp(pdf: Pdf, folios: Folios, fore: int) -> None:
    """Roman numerals on the front matter but its cover, arabic ones on the body, from 1."""
    for at, page in enumerate(pdf.pages):
        if at > 0:
            folios.stamp(page, roman(at + 1) if at < fore else str(at - fore + 1))


def _titles(numbering: Numbering, book: BookSource) -> dict[str, str]:
    """The title of each place that a link may lead to."""
    places = (place for chapter in numbering.chapters for place in (chapter.place, *chapter.sections))
    own = {CONTENTS: words(language_tag(book.style.language)).contents}
    return own | {place.anchor: place.title for place in places}


def _label(pdf: Pdf, fore: int) -> None:
    """The same numbers for the reader's page box."""
    body = Dictionary(S=Name.D, St=1)
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r), fore, body]))


def _outline(pdf: Pdf, numbering: Numbering) -> None:
    """Bookmarks: chapters, closed, and their sections."""
    with pdf.open_outline() as outline:
        for chapter in numbering.chapters:
            item = _bookmark(chapter.place)
            item.children.extend(_bookmark(section) for section in chapter.sections)
            item.is_closed = True
            outline.root.append(item)
    pdf.Root.PageMode = Name.UseOutlines


def _bookmark(place: Place) -> OutlineItem:
    """An entry that leads to a heading."""
    return OutlineItem(place.title, String(place.anchor))


def _describe(pdf: Pdf, book: BookSource) -> None:
    """Title, author, language and date, for readers, libraries and search; nothing that changes by the run."""
    title, author = printable(book.title), printable(book.author)
    day, language = book.date.isoformat(), language_tag(book.style.language)
    pdf.Root.Lang = String(language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    with pdf.open_metadata(set_pikepdf_as_editor=False) as record:
        record["dc:title"] = title
        record["dc:creator"] = [author]
        record["dc:language"] = [language]
        record["xmp:CreateDate"] = f"{day}T00:00:00Z"
        record["pdf:Producer"] = "Pressroom"
    pdf.docinfo["/Title"], pdf.docinfo["/Author"] = title, author
    pdf.docinfo["/Subject"] = printable(book.subtitle)
    pdf.docinfo["/Producer"] = "Pressroom"
    pdf.docinfo["/CreationDate"] = f"D:{day.replace('-', '')}000000Z"
