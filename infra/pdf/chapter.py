"""One chapter becomes a chunk."""

from infra.pdf.book import ChapterSource, Chunk, Style
from infra.pdf.pages import chapter_html
from infra.pdf.tagging import tag_chapter
from infra.pdf.typesetter import typeset, write_part


def set_chapter(source: ChapterSource, style: Style) -> Chunk:
    """Lay the chapter out and write it as a part of a book."""
    document = typeset(chapter_html(source, style), style)
    return Chunk(write_part(document, lambda pdf: tag_chapter(pdf, source.anchor)), len(document.pages))
