"""One chapter becomes a chunk."""

from infra.pdf.book import ChapterSource, Chunk, Style
from infra.pdf.pages import chapter_html
from infra.pdf.typesetter import typeset


def set_chapter(source: ChapterSource, style: Style) -> Chunk:
    """Lay the chapter out and write it as a PDF of its own."""
    document = typeset(chapter_html(source, style), style)
    return Chunk(pdf=document.write_pdf(custom_metadata=True), pages=len(document.pages))
