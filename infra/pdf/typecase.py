"""The typecase: a book's fonts, each embedded once, with the glyphs that the book's parts use."""

import re
from collections import Counter
from collections.abc import Iterable
from html import escape
from io import BytesIO
from itertools import product
from typing import Any

from pikepdf import Object, Pdf

from infra.book import Style
from infra.pdf.errors import BookCannotBeBound
from infra.pdf.faces import HOUSE, Use, Whole
from infra.pdf.typesetter import typeset

_PAIR = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]*)>")
#: All that a stylesheet may ask for: each font of a family is one of these.
_WEIGHTS, _SLOPES = (400, 500, 600, 700), ("normal", "italic")


class Typecase:
    """Gathers the glyphs that the parts use, then holds the book's fonts in the place of theirs."""

    def __init__(self) -> None:
        self._uses: dict[str, Use] = {}
        self._parts: Counter[str] = Counter()
        self._families: dict[str, str] = {}
        self._fonts: dict[str, Object] = {}

    def note(self, part: Pdf) -> None:
        """Note the glyphs that a part uses of each font that the book can bring."""
        for name, font in part.pages[0].obj.Resources.Font.items():
            # Bitmap fonts, and encodings with gaps, are a part's own affair.
            if "/DescendantFonts" in font and font.Encoding == "/Identity-H":
                (descendant,) = font.DescendantFonts
                family = str(descendant.FontDescriptor.FontFamily)
                self.note_use(name[1:], family, Use(_texts(font.ToUnicode), _widths(list(descendant.W))))

    def note_use(self, name: str, family: str, use: Use) -> None:
        """Note glyphs of a font; the first use of one decides its text."""
        noted = self._uses.setdefault(name, Use())
        noted.texts.update(use.texts | noted.texts)
        noted.widths.update(use.widths | noted.widths)
        self._families[name] = family
        self._parts[name] += 1

    def fill(self, pdf: Pdf, style: Style) -> None:
        """Embed all fonts of the house that are used, and those of the system that more than one part uses.

        A font of the system that this machine lacks, or has in another version, is left in its parts.
        """
        shared = {name for name, family in self._families.items() if family in HOUSE or self._parts[name] > 1}
        with Pdf.open(BytesIO(self._specimen(style, shared))) as specimen:
            fonts = specimen.pages[0].obj.Resources.Font
            self._fonts = {
                name: pdf.copy_foreign(fonts[f"/{name}"]) for name in sorted(shared) if f"/{name}" in fonts
            }
        for name in shared - self._fonts.keys():
            if self._families[name] in HOUSE:
                raise BookCannotBeBound(f"{self._families[name]} has no font {name}.")

    def replace(self, names: Iterable[str]) -> dict[str, Object]:
        """Return, of the fonts with these names in a part, those that the book brings."""
        return {name: self._fonts[name[1:]] for name in names if name[1:] in self._fonts}

    def __getitem__(self, name: str) -> Object:
        """Return a font of the book."""
        return self._fonts[name]

    def _specimen(self, style: Style, names: set[str]) -> bytes:
        """Set a page in every font of these fonts' families, each with all glyphs that the parts use of it."""
        samples = {self._families[name]: _sample(self._uses[name]) for name in sorted(names)}
        lines = "".join(
            f"<p style=\"font: {slope} {weight} 9pt '{escape(family)}'\">{escape(text)}</p>"
            for (family, text), weight, slope in product(samples.items(), _WEIGHTS, _SLOPES)
        )
        document = typeset(f'<html lang="en">{lines}</html>', style)
        document.fonts = Whole({name: self._uses[name] for name in names})
        return bytes(document.write_pdf())


def _sample(use: Use) -> str:
    """Return a letter that the font surely has."""
    return next((text[0] for _, text in sorted(use.texts.items()) if text.strip()), "x")


def _texts(table: Object) -> dict[int, str]:
    """Return the text of each glyph, from a font's table of them."""
    _, _, lines = table.read_bytes().partition(b"endcodespacerange")
    return {
        int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in _PAIR.findall(lines)
    }


def _widths(runs: list[Any]) -> dict[int, float]:
    """Return widths by glyph, from runs: the first glyph's number, then the widths from there on."""
    return {
        int(first) + at: float(width)
        for first, widths in zip(runs[::2], runs[1::2], strict=True)
        for at, width in enumerate(widths)
    }
