"""Parts as a screen shows them: the same chapters as in print, whichever plan cut them."""

import re
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from infra.book import ChapterSource, SectionSource
from infra.charts import Chart
from infra.reading import part_html, parts_of, places_of
from tests.infra.pdf.press import BARS, LINE, STYLE, WHEEL, chapter

LOVE, WORK = SectionSource("Love", "## How\n\nOf love."), SectionSource("Work", "Of work.")
BEFORE = replace(chapter(1, SectionSource("Before", "## How\n\nText."), title="Before"), number=None)
OPENER = replace(chapter(2, title="The First Month"), number=1, subtitle="Setting out")


def beneath(number: int, title: str, *sections: SectionSource) -> ChapterSource:
    """A chapter beneath an opener."""
    return replace(chapter(number, *sections, title=title), number=None, level=2)


def test_sections_stand_beneath_their_opener_however_they_were_cut() -> None:
    """A chapter for all of them, and a chapter for each as older plans have it, make the same part."""
    together = parts_of((BEFORE, OPENER, beneath(3, "", LOVE, WORK)))
    apart = parts_of((BEFORE, OPENER, beneath(3, "Love", LOVE), beneath(4, "Work", WORK)))
    for parts in (together, apart):
        assert [part.title for part in parts] == ["Before", "The First Month"]
        assert [section.title for section in parts[1].sections] == ["Love", "Work"]
    assert [part.chapters for part in apart] == [("chapter-1",), ("chapter-2", "chapter-3", "chapter-4")]


def test_headings_descend_without_a_gap() -> None:
    """A section that bears its part's title has no heading of its own, and those in its text move up."""
    parts = parts_of((BEFORE, OPENER, beneath(3, "", LOVE, WORK)))
    places = places_of(parts, ["1", "2"])
    levels = [re.findall(r"<h(\d)", part_html(part, STYLE, places, "0")) for part in parts]
    assert levels == [["1", "2"], ["1", "2", "3", "2"]]


@pytest.mark.parametrize("chart", [WHEEL, BARS, LINE], ids=["wheel", "bars", "line"])
def test_every_chart_is_drawn_and_described(chart: Chart) -> None:
    """Strokes and names are there, in a picture that has its title and its labels as words."""
    (part,) = parts_of((replace(OPENER, chart=chart),))
    (figure,) = fromstring(f"<main>{part_html(part, STYLE, {}, '0')}</main>").iter("figure")  # noqa: S314  # our own
    drawn = {one.tag.rpartition("}")[2]: "".join(one.itertext()) for one in figure.iter()}
    assert {"path", "text"} <= drawn.keys()
    assert drawn["title"].startswith(chart.title)
    assert drawn["desc"]
