"""Chunks become a book: cover and contents in front, page numbers, outline, metadata."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String

from infra.pdf.book import Book, BookSource
from infra.pdf.folio import Folios, roman
from infra.pdf.numbering import Numbering, Place, number_chapters
from infra.pdf.pages import front_html
from infra.pdf.typesetter import typeset
from infra.pdf.untrusted import printable
from infra.pdf.words import language_tag


def bind_book(book: BookSource, chunks: tuple[Path, ...], out: Path) -> Book:
    """Write the book to `out`. The same chunks and the same words about them give the same bytes."""
    numbering = number_chapters(chunks)
    front = typeset(front_html(book, numbering), book.style, book.logo).write_pdf()
    with Pdf.new() as pdf:
        fore = _join(pdf, front, chunks)
        _stamp(pdf, fore)
        _label(pdf, fore)
        _outline(pdf, numbering, fore)
        _describe(pdf, book)
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        pages = len(pdf.pages)
    content = out.read_bytes()
    return Book(path=out, pages=pages, size=len(content), sha256=sha256(content).hexdigest())


def _join(pdf: Pdf, front: bytes, chunks: tuple[Path, ...]) -> int:
    """Append the pages of all parts; how many belong to the front matter."""
    with Pdf.open(BytesIO(front)) as part:
        pdf.pages.extend(part.pages)
    fore = len(pdf.pages)
    for chunk in chunks:
        with Pdf.open(chunk) as part:
            pdf.pages.extend(part.pages)
    return fore


def _stamp(pdf: Pdf, fore: int) -> None:
    """Roman numerals on the front matter but its cover, arabic ones on the body, from 1."""
    folios = Folios(pdf)
    for at, page in enumerate(pdf.pages):
        if at > 0:
            folios.stamp(page, roman(at + 1) if at < fore else str(at - fore + 1))


def _label(pdf: Pdf, fore: int) -> None:
    """The same numbers for the reader's page box."""
    body = Dictionary(S=Name.D, St=1)
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r), fore, body]))


def _outline(pdf: Pdf, numbering: Numbering, fore: int) -> None:
    """Bookmarks: chapters, closed, and their sections."""
    with pdf.open_outline() as outline:
        for chapter in numbering.chapters:
            item = _bookmark(chapter.place, fore)
            item.children.extend(_bookmark(section, fore) for section in chapter.sections)
            item.is_closed = True
            outline.root.append(item)
    pdf.Root.PageMode = Name.UseOutlines


def _bookmark(place: Place, fore: int) -> OutlineItem:
    """An entry that leads to a heading."""
    return OutlineItem(place.title, fore + place.page - 1, "XYZ", left=0, top=place.top)


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
