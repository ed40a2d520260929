"""Books to measure with: built like the long report, of any length, in prose that reads like an answer."""

from datetime import date

from actors.products.catalogue import PRODUCTS
from infra.book import BookSource, ChapterSource, SectionSource, Style
from infra.local.llm.prose import write_prose

_LONG = PRODUCTS["personal_horoscope"]
#: A part's sections, as many as a month of the long report has.
_PART = 13
BOOK = BookSource(
    title=_LONG.title,
    subtitle=_LONG.subtitle,
    prepared_for="Eleanor Whitcombe",
    date=date(2026, 11, 21),
    author="Quiet Harbour",
    style=Style(_LONG.theme.accent, _LONG.theme.tint),
)


def chapters(sections: int) -> list[ChapterSource]:
    """As many sections, in parts with an opener each, behind which they run on: the chunks of a book."""
    found: list[ChapterSource] = []
    for part, first in enumerate(range(0, sections, _PART), start=1):
        texts = tuple(_section(number) for number in range(first, min(first + _PART, sections)))
        opener = ChapterSource(f"part-{part}", part, f"Part {part}", (), BOOK.title, "Counted from this day")
        found += [opener, ChapterSource(f"text-{part}", None, "", texts, BOOK.title, level=2)]
    return found


def _section(number: int) -> SectionSource:
    """About 470 words, with a list or a table, a pull quote and a heading."""
    likeness = _LONG.sections[number % len(_LONG.sections)]
    text, more = (_prose(f"{likeness.id}_{number}_{turn}") for turn in ("first", "second"))
    return SectionSource(likeness.title, "\n\n".join((text, more.split("\n\n")[2])))


def _prose(section: str) -> str:
    return write_prose("bench", _LONG.name, section, "<name>Eleanor</name>", "harbour")
