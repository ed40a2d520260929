"""Sources of a book: plain values, which may travel between processes."""

from dataclasses import dataclass
from datetime import date

from infra.charts import Chart
from infra.colours import COLOUR

#: IPTC's term for what a trained model has made, by which libraries and scanners know it.
AI_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@dataclass(frozen=True)
class Style:
    """A product's colours in the house style, and the language of its text.

    `accent` colours numbers and rules, `tint` the cover and the boxes, both as `#rrggbb` (ValueError otherwise).
    `language` decides hyphenation and the book's own few words: a BCP 47 tag such as `en` or `pt-BR`. Customers
    write it, so any text may stand there; an unknown one is set without hyphens, in English frames.
    """

    accent: str
    tint: str
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse colours that could not be written into a stylesheet safely."""
        for colour in (self.accent, self.tint):
            if not COLOUR.fullmatch(colour):
                raise ValueError(f"{colour!r} is no colour of the form #rrggbb.")


@dataclass(frozen=True)
class SectionSource:
    """A titled text in markdown. Both may come from outside: neither is trusted."""

    title: str
    markdown: str


@dataclass(frozen=True)
class ChapterSource:
    """One chapter: the unit that is set at once, and becomes a chunk.

    `anchor` names it within the book. `number`, if it has one, stands on its first page and in the contents.
    `running_title`, the book's title as a rule, stands at the head of its pages. A chapter's only section may bear
    the chapter's own title, which is then printed once. Without a title its sections run on, each beneath the one
    before, headed as chapters are.

    Without sections it is an opener: the title page of a part, with `subtitle` below its title, and `chart`. A
    chapter of `level` 2 stands in the contents beneath the last one of level 1.
    """

    anchor: str
    number: int | None
    title: str
    sections: tuple[SectionSource, ...]
    running_title: str
    subtitle: str = ""
    level: int = 1
    chart: Chart | None = None


@dataclass(frozen=True)
class BookSource:
    """The words about a book: its text is in its chunks.

    `prepared_for` is the customer's name (untrusted), `date` the day on which the order was paid: a book made
    again later has the same bytes. `author` is the brand, `logo` its picture, as a `data:` URI of a PNG or an SVG,
    which stands on the cover in the place of its name. With `ai_notice` the book says that an AI wrote it, on its
    cover and to machines.
    """

    title: str
    subtitle: str
    prepared_for: str
    date: date
    author: str
    style: Style
    logo: str = ""
    ai_notice: bool = False
