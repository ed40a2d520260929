"""The text of a PDF, as PDFium reads it: some ten times as fast as readers in Python."""

from pypdfium2 import PdfDocument

#: PDFium's mark for a hyphen at the end of a line.
_SOFT_HYPHEN = "\ufffe"


def page_texts(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    with PdfDocument(pdf) as book:
        return [page.get_textpage().get_text_range().replace(_SOFT_HYPHEN, "-") for page in book]


def text_of(pdf: bytes) -> str:
    """Return all of the text on one line."""
    return " ".join(" ".join(page_texts(pdf)).split())
