"""A renderer to test with, and things to print."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from infra.book import BookSource, ChapterSource, SectionSource, Style
from infra.charts import Bar, Bars, Line, Mark, Point, Wheel
from infra.pdf import Book, Chunk, Renderer

T = TypeVar("T")

STYLE = Style(accent="#1f5a5e", tint="#f1ece1")
BOOK = BookSource(
    title="Life Clarity",
    subtitle="A personal reading of the question you are living with",
    prepared_for="Eleanor Whitcombe",
    date=date(2026, 11, 21),
    author="Quiet Harbour",
    style=STYLE,
)
WHEEL = Wheel(
    title="A wheel <of> four & more",
    parts=("North", "West", "</p><script>", "East"),
    marks=(Mark(0.5, "From north to west", until=1.5), Mark(3.25, "Here & <b>now</b>")),
)
BARS = Bars("Bars <of> heat & cold", (Bar(16_800, "Gas: 16,800 <kWh>"), Bar(0, "None"), Bar(-4_800, "Sun & air")))
LINE = Line(
    "A line & <more>",
    tuple(Point(at % 5, f"Day {at}", "The first & <b>least</b>" * (at == 0)) for at in range(9)),
)
PROSE = """Clarity rarely arrives as a revelation. It comes, *quietly*, from looking at the same facts for long.
The office is difficult and the affinity you find in efficient, first-rate work is {mark}.

## What it hides

> You are not undecided. You are unwilling to pay a price that you have already calculated.

| What you gain | If you stay | If you leave |
|---|---|--:|
| Time of your own | Two evenings | 8 |
| Money | Steady | 5 |

> **Try this.** Write down the sentence that you would say if the decision had already been made.

1. Give the question a date.
2. Have two conversations that you have been postponing.

The last words of this section are {mark} again.
"""


@dataclass(frozen=True)
class Press:
    """A renderer and the loop that it lives in."""

    renderer: Renderer
    loop: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that the renderer does."""
        return self.loop.run(work)

    def set(self, source: ChapterSource, style: Style = STYLE) -> Chunk:
        """One chapter as a chunk."""
        return self.run(self.renderer.render_chapter(source, style))

    def print(self, folder: Path, chapters: tuple[ChapterSource, ...], book: BookSource = BOOK) -> Book:
        """A whole book, in `folder`."""
        paths = [folder / f"{chapter.anchor}.pdf" for chapter in chapters]
        for path, chapter in zip(paths, chapters, strict=True):
            path.write_bytes(self.set(chapter, book.style).pdf)
        return self.run(self.renderer.assemble(book, paths, folder / "book.pdf"))


@contextmanager
def new_press(**settings: float) -> Iterator[Press]:
    """A press of its own, for a test that harms it; the settings are the renderer's."""
    with asyncio.Runner() as loop:
        press = Press(Renderer(**settings), loop)  # type: ignore[arg-type]
        try:
            yield press
        finally:
            press.run(press.renderer.close())


def chapter(number: int = 1, *sections: SectionSource, title: str = "Where You Stand") -> ChapterSource:
    """A chapter of these sections."""
    return ChapterSource(f"chapter-{number}", number, title, sections, "Life Clarity")


def text_chapter(markdown: str) -> ChapterSource:
    """A chapter of one section with this text."""
    return chapter(1, SectionSource("The section", markdown))


def endless_chapter() -> ChapterSource:
    """A chapter that stays within every bound and takes many seconds to set."""
    return chapter(1, *[SectionSource(f"Section {at}", "word\n\n" * 2_400) for at in range(15)])
