"""Binds chunks into a book: cover and contents in front, page numbers, outline, metadata."""

import gc
from collections.abc import Iterable, Sequence
from hashlib import file_digest
from io import BytesIO
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String

from infra.book import AI_SOURCE, BookSource
from infra.book.untrusted import printable
from infra.book.words import language_tag, words
from infra.pdf.anchors import CONTENTS, link_pages
from infra.pdf.book import Book
from infra.pdf.folio import Folios
from infra.pdf.joining import Joiner
from infra.pdf.numbering import NumberedChapter, Place, number_chapters, read_chapter
from infra.pdf.pages import front_html
from infra.pdf.tagging import tag_front
from infra.pdf.typecase import Typecase
from infra.pdf.typesetter import typeset, write_part

#: The namespace of IPTC's extension to XMP.
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


def bind_book(book: BookSource, chunks: tuple[Path, ...], out: Path) -> Book:
    """Write the book to `out`. The same chunks and the same words about them give the same bytes."""
    case = Typecase()
    chapters = number_chapters([_read(path, case) for path in chunks])
    front = BytesIO(_front(book, chapters))
    with Pdf.open(front) as part:
        case.note(part)
        fore = len(part.pages)
    gc.collect()  # the layout of long contents is the largest thing here, and full of cycles
    folios = Folios(case, book.style)
    with Pdf.new() as pdf:
        case.fill(pdf, book.style)
        _join(pdf, case, (front, *chunks))
        _label(pdf, fore)
        folios.stamp(pdf)
        link_pages(pdf.pages, _titles(chapters, book))
        _outline(pdf, chapters)
        _describe(pdf, book)
        packed = pikepdf.ObjectStreamMode.generate
        pdf.save(out, min_version="1.7", object_stream_mode=packed, deterministic_id=True)
        pages = len(pdf.pages)
    with out.open("rb") as file:
        sha256 = file_digest(file, "sha256").hexdigest()
    return Book(path=out, pages=pages, size=out.stat().st_size, sha256=sha256)


def _read(path: Path, case: Typecase) -> NumberedChapter:
    """Return a chunk's headings, and note the glyphs that it uses."""
    with Pdf.open(path) as chunk:
        case.note(chunk)
        return read_chapter(chunk)


def _front(book: BookSource, chapters: Sequence[NumberedChapter]) -> bytes:
    """Return cover and contents as a part."""
    return write_part(typeset(front_html(book, chapters), book.style, book.logo), tag_front)


def _join(pdf: Pdf, case: Typecase, parts: Iterable[Path | BytesIO]) -> None:
    """Join the parts in their order, one open at a time."""
    joiner = Joiner(pdf, case)
    for each in parts:
        with Pdf.open(each) as part:
            joiner.append(part)
    joiner.finish()


def _titles(chapters: Sequence[NumberedChapter], book: BookSource) -> dict[str, str]:
    """Return the title of each place that a link may lead to."""
    places = (place for chapter in chapters for place in (chapter.place, *chapter.sections))
    own = {CONTENTS: words(language_tag(book.style.language)).contents}
    return own | {place.anchor: place.title for place in places}


def _label(pdf: Pdf, fore: int) -> None:
    """Label the front matter in roman numerals, the body in arabic ones from 1: on pages and in the page box."""
    body = Dictionary(S=Name.D, St=1)
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r), fore, body]))


def _outline(pdf: Pdf, chapters: Sequence[NumberedChapter]) -> None:
    """Add bookmarks: chapters, closed, and their sections."""
    with pdf.open_outline() as outline:
        for chapter in chapters:
            item = _bookmark(chapter.place)
            item.children.extend(map(_bookmark, chapter.sections))
            item.is_closed = True
            outline.root.append(item)
    pdf.Root.PageMode = Name.UseOutlines


def _bookmark(place: Place) -> OutlineItem:
    """Return an entry that leads to a heading."""
    return OutlineItem(place.title, String(place.anchor))


def _describe(pdf: Pdf, book: BookSource) -> None:
    """Write title, author, language and date, for readers, libraries and search; they are equal in every run."""
    day, language = book.date.isoformat(), language_tag(book.style.language)
    pdf.Root.Lang = String(language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    with pdf.open_metadata(set_pikepdf_as_editor=False) as record:
        record["dc:title"] = printable(book.title)
        record["dc:creator"] = [printable(book.author)]
        record["dc:language"] = [language]
        record["xmp:CreateDate"] = f"{day}T00:00:00Z"
        record["pdf:Producer"] = "Pressroom"
        if book.ai_notice:
            record.register_xml_namespace(_IPTC, "Iptc4xmpExt")
            record["Iptc4xmpExt:DigitalSourceType"] = AI_SOURCE
    # The rest of it is copied from the record.
    pdf.docinfo["/Subject"] = printable(book.subtitle)
    pdf.docinfo["/CreationDate"] = f"D:{day.replace('-', '')}000000Z"
