"""The typesetter: WeasyPrint with the house stylesheet, from HTML to laid-out pages, and to a part of a book."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Template

from pydyf import PDF
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration

from infra.pdf.book import Style
from infra.pdf.decoration import palette
from infra.pdf.faces import Bare
from infra.pdf.fetching import FontFetcher, LogoFetcher

_STYLESHEET = Path(__file__).parent / "templates" / "house.css"


def typeset(html: str, style: Style, logo: str = "") -> Document:
    """Lay out a document in the house style. Nothing but `logo` is fetched for it."""
    sheet = _stylesheet(style)
    return HTML(string=html, url_fetcher=LogoFetcher(logo)).render(font_config=_fonts(), stylesheets=[sheet])


def write_part(document: Document, tag: Callable[[PDF], None]) -> bytes:
    """Return a tagged PDF whose structure `tag` settles. The house's faces are left out: the book brings them."""
    document.fonts = Bare()
    return bytes(
        document.write_pdf(custom_metadata=True, pdf_tags=True, finisher=lambda _, pdf: tag(pdf)),
    )


@cache
def _fonts() -> FontConfiguration:
    """Return fonts for the whole process: made once, since scanning the system's takes a while."""
    return FontConfiguration()


@cache
def _stylesheet(style: Style) -> CSS:
    """Return the house stylesheet in a product's colours, parsed once for each."""
    text = Template(_STYLESHEET.read_text(encoding="utf-8")).substitute(palette(style))
    return CSS(string=text, font_config=_fonts(), url_fetcher=FontFetcher())
