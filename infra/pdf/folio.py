"""Page numbers: stamped when the book is bound, since a chunk does not know where it will stand."""

import re
from functools import cache
from io import BytesIO

from pikepdf import Name, Page, Pdf

from infra.pdf.book import Style
from infra.pdf.typesetter import typeset

_NUMERALS = "0123456789ivxlc"
_SIZE = 9.0  # points
_HEIGHT = 48.0  # points above the page's foot
_GREY = 0.33


class Folios:
    """Stamps one book's pages, with the numerals of the house's label face."""

    def __init__(self, pdf: Pdf) -> None:
        """Copy the face into the book."""
        with Pdf.open(BytesIO(_specimen())) as specimen:
            (face,) = specimen.pages[0].obj.Resources.Font.values()
            self._face = pdf.copy_foreign(face)
        self._glyphs = _glyphs(bytes(self._face.ToUnicode.read_bytes()))
        self._widths = _widths(self._face.DescendantFonts[0].W)

    def stamp(self, page: Page, numeral: str) -> None:
        """Print the numeral below the text, centred, as an artifact: readers aloud pass over it."""
        name = page.add_resource(self._face, Name.Font, name=Name.Folio)
        glyphs = [self._glyphs[character] for character in numeral]
        width = sum(self._widths[glyph] for glyph in glyphs) * _SIZE / 1000
        left = (float(page.mediabox[2]) - width) / 2
        text = "".join(f"{glyph:04x}" for glyph in glyphs)
        page.contents_add(b"q\n", prepend=True)
        page.contents_add(
            b"Q\n/Artifact <</Type /Pagination /Subtype /Footer>> BDC\n"
            + f"q BT {_GREY} g {name} {_SIZE} Tf 1 0 0 1 {left:.2f} {_HEIGHT} Tm <{text}> Tj ET Q\n".encode()
            + b"EMC\n"
        )


def roman(number: int) -> str:
    """The number, 1 to 399, in lower-case roman numerals."""
    steps = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    numeral = ""
    for value, letters in steps:
        count, number = divmod(number, value)
        numeral += letters * count
    return numeral


@cache
def _specimen() -> bytes:
    """A page of every numeral: the face is embedded with just these glyphs, whatever the book's colours."""
    html = f'<html lang="en"><p style="font: 9pt House Sans; letter-spacing: 1em">{_NUMERALS}</p></html>'
    return bytes(typeset(html, Style("#000000", "#ffffff")).write_pdf())


def _glyphs(to_unicode: bytes) -> dict[str, int]:
    """Glyph ids by character, from the face's own table (lines of `<glyph> <character>`)."""
    table = to_unicode.split(b"beginbfchar")[1].split(b"endbfchar")[0]
    pairs = re.findall(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", table)
    return {bytes.fromhex(text.decode()).decode("utf-16-be"): int(glyph, 16) for glyph, text in pairs}


def _widths(runs: object) -> dict[int, float]:
    """Advance widths by glyph id, in thousandths of the size, from the face's runs: first id, widths."""
    items = list(runs)  # type: ignore[call-overload]
    return {
        int(first) + at: float(width)
        for first, widths in zip(items[::2], items[1::2], strict=True)
        for at, width in enumerate(widths)
    }
