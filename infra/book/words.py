"""Words of the book's own, by language."""

import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infra.languages import read_language


@dataclass(frozen=True)
class Words:
    """The book's own words in one language, as `words.toml` explains them."""

    contents: str
    prepared_for: str
    written_by_ai: str
    months: str
    day: str = "{day} {month} {year}"
    quotes: Sequence[str] = ("“", "”", "‘", "’")
    right_to_left: bool = False

    def date(self, value: date) -> str:
        """Return the date as a reader of this language writes it."""
        return self.day.format(day=value.day, month=self.months.split()[value.month - 1], year=value.year)


_TABLES = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_WORDS = {tag: Words(**table) for tag, table in _TABLES.items()}


def language_tag(language: str) -> str:
    """Return the language as a BCP 47 tag: `und` if it is none, `en` if it is empty."""
    return read_language(language.strip() or "en") or "und"


def words(tag: str) -> Words:
    """Return the words of a language, by its primary subtag; English where there are none."""
    return _WORDS.get(tag.split("-")[0].lower(), _WORDS["en"])


def direction(tag: str) -> str:
    """Return the direction in which the language is written, `rtl` or `ltr`."""
    return "rtl" if words(tag).right_to_left else "ltr"


def leading_direction(text: str, otherwise: str) -> str:
    """Return `rtl` or `ltr`, as the text's first letter is written; `otherwise` if it has none."""
    for character in text:
        bidirectional = unicodedata.bidirectional(character)
        if bidirectional in ("L", "R", "AL"):
            return "ltr" if bidirectional == "L" else "rtl"
    return otherwise
