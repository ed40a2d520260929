"""Books to measure with: built like the long report, of any length, in prose that reads like an answer."""

from datetime import date

from actors.products.catalogue import PRODUCTS
from infra.local.llm.prose import write_prose
from infra.pdf import BookSource, ChapterSource, SectionSource, Style

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
    """As many sections, each a chapter of its own, in parts with an opener each: the chunks of a book."""
    found: list[ChapterSource] = []
    for number in range(sections):
        if number % _PART == 0:
            part = number // _PART + 1
            found.append(
                ChapterSource(f"part-{part}", part, f"Part {part}", (), BOOK.title, "Counted from this day")
            )
        found.append(_chapter(number))
    return found


def _chapter(number: int) -> ChapterSource:
    """One section: about 470 words, with a list or a table, a pull quote and a heading."""
    likeness = _LONG.sections[number % len(_LONG.sections)]
    text, more = (_prose(f"{likeness.id}_{number}_{turn}") for turn in ("first", "second"))
    section = SectionSource(likeness.title, "\n\n".join((text, more.split("\n\n")[2])))
    return ChapterSource(f"section-{number}", None, likeness.title, (section,), BOOK.title, level=2)


def _prose(section: str) -> str:
    return write_prose("bench", _LONG.name, section, "<name>Eleanor</name>", "harbour")
