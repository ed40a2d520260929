"""The typesetter: WeasyPrint with the house stylesheet, from HTML to laid-out pages, and to a part of a book."""

import gc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Template

from pydyf import PDF
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration

from infra.book import Style
from infra.book.decoration import palette
from infra.pdf.faces import Bare
from infra.pdf.fetching import FontFetcher, LogoFetcher

#: Shares of a page: a last page of less looks like a mistake, and so much of each page a tight layout saves.
_FEW_LINES, _GAIN = 0.2, 0.03
#: Three hundredths of the leading, which nobody sees.
_TIGHT = (
    "html { line-height: 1.45 } .alone { line-height: 19.8pt } .run-on .section + .section { margin-top: 12mm }"
)
_STYLESHEET = Path(__file__).parent / "templates" / "house.css"


def typeset(html: str, style: Style, logo: str = "", *, tight: bool = False) -> Document:
    """Lay out a document in the house style, or with a little less space. Nothing but `logo` is fetched for it."""
    sheets = [_stylesheet(style), *([_tight()] if tight else [])]
    return HTML(string=html, url_fetcher=LogoFetcher(logo)).render(font_config=_fonts(), stylesheets=sheets)


def typeset_fitted(html: str, style: Style) -> Document:
    """Lay out a document, and again with less space if that should save a last page of few lines."""
    document = typeset(html, style)
    if _share_of_last_page(document) >= min(_FEW_LINES, _GAIN * len(document.pages)):
        return document
    del document
    gc.collect()  # a layout is full of cycles, and two of them would be the most that a child ever holds
    return typeset(html, style, tight=True)


def _share_of_last_page(document: Document) -> float:
    """Return how much of its last page's height a document's text takes."""
    page = document.pages[-1]._page_box  # noqa: SLF001  # no public name tells it
    body = page.children[0].children[-1]
    return float(body.height / page.height)


def write_part(document: Document, tag: Callable[[PDF], None]) -> bytes:
    """Return a tagged PDF whose structure `tag` settles. The house's faces are left out: the book brings them."""
    document.fonts = Bare()
    return bytes(document.write_pdf(custom_metadata=True, pdf_tags=True, finisher=lambda _, pdf: tag(pdf)))


@cache
def _fonts() -> FontConfiguration:
    """Return fonts for the whole process: made once, since scanning the system's takes a while."""
    return FontConfiguration()


@cache
def _tight() -> CSS:
    return CSS(string=_TIGHT)


@cache
def _stylesheet(style: Style) -> CSS:
    """Return the house stylesheet in a product's colours, parsed once for each."""
    text = Template(_STYLESHEET.read_text(encoding="utf-8")).substitute(palette(style))
    return CSS(string=text, font_config=_fonts(), url_fetcher=FontFetcher())
