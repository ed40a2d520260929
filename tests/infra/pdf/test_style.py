"""The house style: what breaks well, and what stands where."""

import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pikepdf import Dictionary, Pdf
from PIL import Image
from pypdf import PdfReader

from infra.charts import Bar, Bars, Chart, Line, Mark, Point, Wheel
from infra.local.pdf_text import page_texts
from infra.pdf import Chunk
from tests.infra.pdf.press import BARS, BOOK, LINE, STYLE, WHEEL, Press, chapter, text_chapter

FACES = Path(__file__).parents[3] / "infra" / "pdf" / "fonts"


def lines(chunk: Chunk) -> list[list[str]]:
    """The lines of each page, as they are read."""
    return [[line.strip() for line in page.splitlines() if line.strip()] for page in page_texts(chunk.pdf)]


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (WHEEL, {*WHEEL.parts, *(mark.label for mark in WHEEL.marks)}),
        (BARS, {bar.label for bar in BARS.bars}),
        # Of nine names every other one has room on the axis.
        (LINE, {" ".join(point.name for point in LINE.points[::2]), LINE.points[0].label}),
    ],
    ids=["wheel", "bars", "line"],
)
def test_an_opener_shows_its_chart_and_says_it_in_words(press: Press, chart: Chart, words: set[str]) -> None:
    """Title and subtitle, and a chart's whole names and labels are on its one page, as written."""
    opener = replace(chapter(2, title="The First Month"), subtitle="Setting out", chart=chart)
    (page,) = lines(press.set(opener))
    assert set(page) == {"2", "The First Month", "Setting out", *words}


def test_a_line_says_its_values_to_readers_who_cannot_see_it(press: Press) -> None:
    """The text for the picture has all of them, of which few are printed."""
    with Pdf.open(BytesIO(press.set(replace(chapter(), chart=LINE)).pdf)) as pdf:
        (said,) = [str(one.Alt) for one in pdf.objects if isinstance(one, Dictionary) and "/Alt" in one]
    assert said == "A line & <more>: " + "; ".join(f"Day {at}: {at % 5}" for at in range(9))


def test_a_chart_takes_any_words_and_any_places(press: Press) -> None:
    """Texts that are too long, places beyond the circle and a circle of one part still give one page."""
    marks = tuple(Mark(-7.5, "\x00" + "long " * 500, until=end) for end in (None, -7.5, 1e6))
    wild = Wheel(title="\ud800", parts=("very " * 500,), marks=marks)
    points = tuple(Point(1e15 * (-1) ** at, "n" * 500, "word " * 500 * (at < 3)) for at in range(60))
    crowded = Bars("\x00", tuple(Bar(-9e13 * at, "word " * 500) for at in range(12)))
    for chart in (wild, crowded, Line("t" * 9000, points), Line("One", (Point(0, "", ""),))):
        assert press.set(replace(chapter(), chart=chart)).pages == 1


@pytest.mark.parametrize("values", [[], [0.0] * 61, [float("nan")], [float("inf")], [-1e16]])
def test_a_chart_that_cannot_be_drawn_is_refused_where_it_is_made(values: list[float]) -> None:
    """Too many values, none, and numbers that no scale has are an error of the product's, not a wrong picture."""
    with pytest.raises(ValueError, match="chart"):
        Line("A line", tuple(Point(value, "name") for value in values))
    with pytest.raises(ValueError, match="chart"):
        Bars("Bars", tuple(Bar(value, "name") for value in values))


FOLLOWERS = (
    "A paragraph that goes on for more than one line of the page, so that it could be parted after the first.",
    "- one\n- two\n- three",
    "| Head | Other |\n|---|---|\n| r | a |\n| r | b |\n| r | c |\n| r | d |",
    "> A pull quote of some words, which is set in larger type than the rest of the page is set in.",
    "> **Try this.** A box of some words, which would be parted from its heading on many pages.",
)


def test_no_heading_stands_at_the_foot_of_a_page(press: Press) -> None:
    """Whatever follows a heading begins on its page, wherever that ends; a table brings two rows with its head."""
    parts = [
        f"{'#' * (1 + at % 3)} heading\n\n{FOLLOWERS[at % len(FOLLOWERS)]}\n\n{'word ' * (at * 7 % 83 + 5)}"
        for at in range(90)
    ]
    pages = lines(press.set(text_chapter("\n\n".join(parts))))
    assert len(pages) > 15
    assert not [page for page in pages if page[-1] in ("heading", "Head Other", "r a")]


def test_a_table_over_pages_repeats_its_head(press: Press) -> None:
    """Each page on which a long table goes on begins with the names of its columns, and ends it with two rows."""
    rows = "".join(f"| row {at} | value |\n" for at in range(120))
    pages = lines(press.set(text_chapter(f"| Name | Number |\n|---|---|\n{rows}")))
    assert len(pages) > 2
    for page in pages:
        assert "Name Number" in page
        assert sum(line.startswith("row") for line in page) > 1


def test_words_in_a_narrow_column_are_not_broken(press: Press) -> None:
    """A table that has room for its words keeps each on one line."""
    row = f"| {'words ' * 40}| {'words ' * 20}| 2 |\n"
    (page,) = lines(press.set(text_chapter(f"| | | Considerations |\n|---|---|---|\n{row}")))
    assert any("Considerations" in line for line in page)


@pytest.mark.parametrize("word", ["x" * 900, "W" * 60])
def test_a_word_wider_than_the_page_is_broken(press: Press, word: str) -> None:
    """In a table, too: no line is longer than the page has room for, and no letter is lost."""
    (page,) = lines(press.set(text_chapter(f"| A | B |\n|---|---|\n| {word} | b |")))
    pieces = [line.count(word[0]) for line in page if word[0] * 9 in line]
    assert sum(pieces) == len(word)
    assert max(pieces) < 80
    assert len(pieces) > 1


def test_a_book_from_the_right_speaks_its_language(press: Press, tmp_path: Path) -> None:
    """Contents and date are in the reader's script, and a text of the other direction is set in its own."""
    style = replace(STYLE, language="ar")
    book = replace(BOOK, style=style, prepared_for="شهرزاد")
    made = press.print(tmp_path, (text_chapter("مرحبا\n\nEnglish words."),), book)
    cover, contents, body = (page.extract_text() for page in PdfReader(made.path).pages)
    assert "نوفمبر" in cover
    assert "المحتويات" in contents
    assert "English words." in body


def png() -> bytes:
    """A picture of one point."""
    with BytesIO() as file:
        Image.new("RGB", (1, 1), "#1f5a5e").save(file, "PNG")
        return file.getvalue()


@pytest.mark.parametrize(("picture", "named"), [(png(), False), (b"\x89PNG\r\n\x1a\n broken", True)])
def test_a_brands_picture_stands_in_the_place_of_its_name(
    press: Press, tmp_path: Path, picture: bytes, named: bool
) -> None:
    """On the cover; one that cannot be shown leaves the name there."""
    logo = f"data:image/png;base64,{b64encode(picture).decode()}"
    made = press.print(tmp_path, (text_chapter("Text."),), replace(BOOK, logo=logo))
    cover = PdfReader(made.path).pages[0]
    assert (len(cover.images), BOOK.author in cover.extract_text()) == (not named, named)


def test_without_fonts_of_the_system_the_book_is_made(tmp_path: Path) -> None:
    """A machine that has the house's faces alone sets any script, as boxes if it must."""
    own = tmp_path / "fonts.conf"
    own.write_text(f'<?xml version="1.0"?><fontconfig><dir>{FACES}</dir></fontconfig>')
    code = (
        "from tests.infra.pdf.press import new_press, text_chapter\n"
        "with new_press(processes=1) as press:\n"
        "    print(press.set(text_chapter('Zoë, **شهرزاد**, *王小明* 🌸')).pages)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"FONTCONFIG_FILE": str(own)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["1"]
