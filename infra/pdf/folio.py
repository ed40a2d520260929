"""Page numbers: stamped when the book is bound, since a chunk does not know where it will stand."""

from pikepdf import Array, Page, Pdf

from infra.pdf.book import Style
from infra.pdf.faces import Bare, Use
from infra.pdf.typecase import Typecase
from infra.pdf.typesetter import typeset

_NUMERALS = "0123456789ivxlc"
_SIZE = 9.0  # points
_HEIGHT = 48.0  # points above the page's foot
_GREY = 0.33


class Folios:
    """Stamps one book's pages, with the numerals of the house's label face."""

    def __init__(self, pdf: Pdf, case: Typecase, style: Style) -> None:
        """Have the numerals in the book's faces."""
        html = f'<html lang="en"><p style="font: 9pt House Sans; letter-spacing: 1em">{_NUMERALS}</p></html>'
        specimen = typeset(html, style)
        specimen.fonts = Bare()
        specimen.write_pdf()
        (font,) = specimen.fonts.values()
        case.note(font.hash, Use(font.to_unicode, font.widths))
        self._pdf, self._face = pdf, case.face(font.hash)
        self._glyphs = {text: glyph for glyph, text in font.to_unicode.items()}
        self._widths = font.widths
        self._shield = pdf.make_stream(b"q\n")

    def stamp(self, page: Page, numeral: str) -> None:
        """Print the numeral below the text, centred, as an artifact: readers aloud pass over it."""
        page.obj.Resources.Font["/Folio"] = self._face
        glyphs = [self._glyphs[character] for character in numeral]
        width = sum(self._widths[glyph] for glyph in glyphs) * _SIZE / 1000
        left = (float(page.mediabox[2]) - width) / 2
        text = "".join(f"{glyph:04x}" for glyph in glyphs)
        stamp = (
            "Q\n/Artifact <</Type /Pagination /Subtype /Footer>> BDC\n"
            f"q BT {_GREY} g /Folio {_SIZE} Tf 1 0 0 1 {left:.2f} {_HEIGHT} Tm <{text}> Tj ET Q\nEMC\n"
        )
        page.obj.Contents = Array([self._shield, page.obj.Contents, self._pdf.make_stream(stamp.encode())])


def roman(number: int) -> str:
    """The number, 1 to 399, in lower-case roman numerals."""
    steps = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    numeral = ""
    for value, letters in steps:
        count, number = divmod(number, value)
        numeral += letters * count
    return numeral
