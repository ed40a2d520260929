"""The faces of one book: each of the house's is embedded once, with the glyphs that its parts use."""

import re
from io import BytesIO
from itertools import product
from typing import Any

from pikepdf import Dictionary, Object, Pdf

from infra.pdf.book import Style
from infra.pdf.errors import BookCannotBeBound
from infra.pdf.faces import HOUSE, Use, Whole
from infra.pdf.typesetter import typeset

_PAIR = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]*)>")
#: Whatever a stylesheet may ask for: every face of the house is one of these.
_WEIGHTS, _SLOPES = (400, 500, 600, 700), ("normal", "italic")


class Typecase:
    """Lends the book's faces to its parts, in the place of those that they lack."""

    def __init__(self, pdf: Pdf) -> None:
        """Lend nothing yet."""
        self._pdf = pdf
        self._faces: dict[str, Object] = {}
        self._uses: dict[str, Use] = {}

    def lend(self, fonts: Object) -> dict[str, Object]:
        """Take the house's faces out of a part's fonts; what is to stand there in the book, by name."""
        lacking = [name for name, font in fonts.items() if _family(font) in HOUSE]
        for name in lacking:
            self.note(name[1:], _use(fonts[name]))
            del fonts[name]
        return {name: self.face(name[1:]) for name in lacking}

    def face(self, name: str) -> Object:
        """A face of the book, which is empty until the case is filled."""
        if name not in self._faces:
            self._faces[name] = self._pdf.make_indirect(Dictionary())
            self._uses[name] = Use()
        return self._faces[name]

    def note(self, name: str, use: Use) -> None:
        """Have glyphs of a face in the book; the first to use one says what it stands for."""
        self.face(name)
        noted = self._uses[name]
        for glyph, text in use.texts.items():
            noted.texts.setdefault(glyph, text)
        for glyph, width in use.widths.items():
            noted.widths.setdefault(glyph, width)

    def fill(self, style: Style) -> None:
        """Embed the faces that were lent, with all glyphs that were noted."""
        with Pdf.open(BytesIO(_specimen(style, self._uses))) as specimen:
            fonts = specimen.pages[0].obj.Resources.Font
            for name, face in self._faces.items():
                if f"/{name}" not in fonts:
                    raise BookCannotBeBound(f"No face of the house is called {name}.")
                for key, value in self._pdf.copy_foreign(fonts[f"/{name}"]).items():
                    face[key] = value


def _family(font: Object) -> str:
    """The font's family; a bitmap font has none, and is none of the house's."""
    return str(font.DescendantFonts[0].FontDescriptor.FontFamily) if "/DescendantFonts" in font else ""


def _use(font: Object) -> Use:
    """What a part uses of a font, from its tables of widths and of texts."""
    _, _, table = font.ToUnicode.read_bytes().partition(b"endcodespacerange")
    texts = {
        int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in _PAIR.findall(table)
    }
    return Use(texts, _widths(list(font.DescendantFonts[0].W)))


def _widths(runs: list[Any]) -> dict[int, float]:
    """Widths by glyph, from runs: the first glyph's number, then the widths from there on."""
    return {
        int(first) + at: float(width)
        for first, widths in zip(runs[::2], runs[1::2], strict=True)
        for at, width in enumerate(widths)
    }


def _specimen(style: Style, uses: dict[str, Use]) -> bytes:
    """A page in every face of the house, each with the glyphs that are used of it."""
    lines = "".join(
        f'<p style="font: {slope} {weight} 9pt {family}">x</p>'
        for family, weight, slope in product(HOUSE, _WEIGHTS, _SLOPES)
    )
    document = typeset(f'<html lang="en">{lines}</html>', style)
    document.fonts = Whole(uses)
    return bytes(document.write_pdf())
