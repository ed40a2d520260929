"""Page numbers: stamped when the book is bound, since a chunk does not know its place."""

from pikepdf import Array, Pdf

from infra.book import Style
from infra.pdf.faces import Bare, Use
from infra.pdf.typecase import Typecase
from infra.pdf.typesetter import typeset

_NUMERALS = "0123456789ivxlc"
_SIZE = 9.0  # points
_HEIGHT = 48.0  # points above the page's foot
_GREY = 0.33


class Folios:
    """The numerals of the house's label face, to stamp one book's pages with."""

    def __init__(self, case: Typecase, style: Style) -> None:
        """Note the numerals in the book's typecase."""
        html = f'<html lang="en"><p style="font: 9pt House Sans; letter-spacing: 1em">{_NUMERALS}</p></html>'
        specimen = typeset(html, style)
        specimen.fonts = Bare()
        specimen.write_pdf()
        (font,) = specimen.fonts.values()
        case.note_use(font.hash, font.family, Use(font.to_unicode, font.widths))
        self._case, self._font = case, font.hash
        self._glyphs = {text: glyph for glyph, text in font.to_unicode.items()}
        self._widths = font.widths

    def stamp(self, pdf: Pdf) -> None:
        """Print each page's label, but the cover's, below its text, as an artifact: readers aloud pass over it."""
        shield, font = pdf.make_stream(b"q\n"), self._case[self._font]
        for page in pdf.pages[1:]:
            page.obj.Resources.Font["/Folio"] = font
            stamp = pdf.make_stream(self._stamp(str(page.label), float(page.mediabox[2])))
            page.obj.Contents = Array([shield, page.obj.Contents, stamp])

    def _stamp(self, numeral: str, page_width: float) -> bytes:
        glyphs = [self._glyphs[character] for character in numeral]
        left = (page_width - sum(self._widths[glyph] for glyph in glyphs) * _SIZE / 1000) / 2
        text = "".join(f"{glyph:04x}" for glyph in glyphs)
        return (
            "Q\n/Artifact <</Type /Pagination /Subtype /Footer>> BDC\n"
            f"q BT {_GREY} g /Folio {_SIZE} Tf 1 0 0 1 {left:.2f} {_HEIGHT} Tm <{text}> Tj ET Q\nEMC\n"
        ).encode()
