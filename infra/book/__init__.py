"""A book before it takes a form: its sources, and its text, words and pictures, made safe for pages of any kind.

`infra.pdf` sets it in type, and `infra.reading` writes it for screens.
"""

from infra.book.sources import AI_SOURCE, BookSource, ChapterSource, SectionSource, Style
from infra.book.untrusted import TextIsUnsettable

__all__ = ["AI_SOURCE", "BookSource", "ChapterSource", "SectionSource", "Style", "TextIsUnsettable"]
