"""A finished report for screens: its parts as HTML, and all of them as an EPUB.

Both are written from the sources that the PDF is set from, by the same reading of their text (`infra.book.prose`).
"""

from infra.reading.epub import write_epub
from infra.reading.parts import Part, Places, part_html, parts_of, places_of

__all__ = ["Part", "Places", "part_html", "parts_of", "places_of", "write_epub"]
