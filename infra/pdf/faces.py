"""The house's faces as WeasyPrint writes them: not at all into a part, and whole into the book.

Glyphs keep their numbers when WeasyPrint makes a subset of a face, so what a part prints with a face that it lacks
is right as soon as the book brings it. Faces of the system, which print what the house's cannot, stay in their
parts: another worker's machine may have others under the same names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from weasyprint.pdf.fonts import Font

HOUSE = ("House Serif", "House Sans")


@dataclass(frozen=True)
class Use:
    """The glyphs of one face that are printed: what each stands for, and its width in thousandths of the size."""

    texts: dict[int, str] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)


class Bare(dict[int, Font]):
    """The fonts of a document that becomes a part, by WeasyPrint's keys: the house's come without their files."""

    def __setitem__(self, key: int, font: Font) -> None:
        """Leave a file out before a subset is made of it; what no face has is one and the same empty glyph."""

        def print_nothing(_codepoint: int) -> int:
            font.to_unicode[0] = "\N{REPLACEMENT CHARACTER}"
            return 0

        if font.family in HOUSE:
            font.file_content, font.clean, font.get_unused_glyph_id = b"", lambda *_: None, print_nothing
        super().__setitem__(key, font)


class Whole(dict[int, Font]):
    """The fonts of a specimen: a face of the house comes with every glyph that is used, by the face's name."""

    def __init__(self, uses: Mapping[str, Use]) -> None:
        """Begin without a font."""
        super().__init__()
        self._uses = uses

    def __setitem__(self, key: int, font: Font) -> None:
        """Add what others use to what the specimen itself does."""
        if use := self._uses.get(font.hash):
            font.to_unicode |= use.texts
            font.widths |= use.widths
        super().__setitem__(key, font)
