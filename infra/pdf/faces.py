"""Fonts as WeasyPrint meets them: the house's are left out of every part of a book, and embedded in the whole.

Glyphs keep their numbers when WeasyPrint makes a subset of a font. So a part prints rightly with a font that it
lacks as soon as the book brings it. Fonts of the system have the glyphs that the house's lack.
They stay in their parts too, under names that tell their files apart: the machine that binds the book may have
others, or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from weasyprint.pdf.fonts import Font

HOUSE = ("House Serif", "House Sans")
#: Of any font's file: enough for its directory, which holds a checksum of each of its tables.
_DIRECTORY_BYTES = 4096


@dataclass(frozen=True)
class Use:
    """The printed glyphs of one font: each one's text, and its width in thousandths of the size."""

    texts: dict[int, str] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)


class Bare(dict[int, Font]):
    """The fonts of a document that becomes a part, by WeasyPrint's keys: the house's come without their files."""

    def __setitem__(self, key: int, font: Font) -> None:
        """Leave the file of a house font out; a letter that no font has is the same empty glyph in all parts."""

        def print_nothing(_codepoint: int) -> int:
            font.to_unicode[0] = "\N{REPLACEMENT CHARACTER}"
            return 0

        _name_by_file(font)
        if font.family in HOUSE:
            _leave_out(font)
            font.get_unused_glyph_id = print_nothing
        super().__setitem__(key, font)


class Whole(dict[int, Font]):
    """The fonts of a specimen: each comes with every glyph that is used of it, by its name, or not at all."""

    def __init__(self, uses: Mapping[str, Use]) -> None:
        """Begin without a font; `uses` are the glyphs of all parts, by font."""
        super().__init__()
        self._uses = uses

    def __setitem__(self, key: int, font: Font) -> None:
        """Add the glyphs that the parts use to the specimen's own."""
        _name_by_file(font)
        if use := self._uses.get(font.hash):
            font.to_unicode |= use.texts
            font.widths |= use.widths
        else:
            _leave_out(font)
        super().__setitem__(key, font)


def _name_by_file(font: Font) -> None:
    """Name a font of the system for its file; a chunk's key covers the house's."""
    if font.family not in HOUSE:
        digest = sha256(font.hash.encode() + font.file_content[:_DIRECTORY_BYTES]).digest()
        font.hash = "".join(chr(ord("A") + byte % 26) for byte in digest[:8])


def _leave_out(font: Font) -> None:
    """Leave a font's file out, which spares the making of a subset."""
    font.file_content, font.clean = b"", lambda *_: None
