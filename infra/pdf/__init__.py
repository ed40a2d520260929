"""The renderer: sets chapters with WeasyPrint in child processes, and joins them into one book.

Importing this package is cheap: the typesetting libraries are loaded in the child processes only. The way from
chapters to a book is drawn in docs/pictures/book.svg.
"""

from infra.pdf.book import Book, Chunk
from infra.pdf.chunk_key import chunk_key
from infra.pdf.errors import BookCannotBeBound, ChapterCannotBeSet, RendererCannotStart
from infra.pdf.libraries import FONTS
from infra.pdf.renderer import Renderer

__all__ = [
    "FONTS",
    "Book",
    "BookCannotBeBound",
    "ChapterCannotBeSet",
    "Chunk",
    "Renderer",
    "RendererCannotStart",
    "chunk_key",
]
