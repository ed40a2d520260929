"""`python -m tests.pictures BOOK SHEET WORDS...`: pages of a book side by side, as one PNG for the documentation.

They are the cover, the contents, the first page of the body that holds each of the words, and the last page.
"""

import sys
from pathlib import Path

from PIL import Image
from pypdf import PdfReader
from pypdfium2 import PdfDocument

DPI, COLUMNS, GAP = 68, 3, 14
#: Enough for type in two colours on a tint, and a third of the size.
COLOURS = 48


def choose_pages(book: Path, words: list[str]) -> list[int]:
    """The pages' numbers in the file, from 1; StopIteration if no page holds the words."""
    reader = PdfReader(book)
    pages, body = reader.pages, reader.page_labels.index("1")
    found = [next(at for at in range(body, len(pages)) if each in pages[at].extract_text()) for each in words]
    return [1, 2, *(at + 1 for at in found), len(pages)]


def draw_page(book: Path, page: int) -> Image.Image:
    """One page."""
    with PdfDocument(book) as pdf:
        picture: Image.Image = pdf[page - 1].render(scale=DPI / 72).to_pil()
        return picture.convert("RGB")


def lay_out(pages: list[Image.Image]) -> Image.Image:
    """The pages in rows, on grey."""
    width, height = pages[0].width + GAP, pages[0].height + GAP
    rows = -(-len(pages) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width + GAP, rows * height + GAP), "#8a8a86")
    for at, page in enumerate(pages):
        sheet.paste(page, (GAP + at % COLUMNS * width, GAP + at // COLUMNS * height))
    return sheet.quantize(COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    book, sheet, *words = sys.argv[1:]
    pages = [draw_page(Path(book), page) for page in choose_pages(Path(book), words)]
    lay_out(pages).save(sheet, optimize=True)
