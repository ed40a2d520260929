"""What a finished book holds, as a reader's program sees it."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from pikepdf import Pdf
from pypdf import PdfReader
from pypdf.generic import Destination

from infra.book import AI_SOURCE, ChapterSource, SectionSource
from infra.book.words import words as words_in
from infra.local.pdf_text import page_texts
from tests.infra.pdf.press import BOOK, PROSE, Press, chapter

#: The namespace of IPTC's extension to XMP.
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TITLES = ("Where You Stand", "What Pulls You", "The Question Beneath")
SECTIONS = (
    ("The Ground", "The Weather"),
    ("What You Carry",),
    ("A First Answer", "A Second Answer", "The Turn"),
)


def chapters() -> tuple[ChapterSource, ...]:
    """Three chapters of two, one and three sections, each of which has words of its own."""
    return tuple(
        chapter(number, *(SectionSource(name, PROSE.format(mark=mark(name))) for name in names), title=title)
        for number, (title, names) in enumerate(zip(TITLES, SECTIONS, strict=True), start=1)
    )


def mark(section: str) -> str:
    """A word that only this section uses."""
    return "mark" + section.replace(" ", "").lower()


@pytest.fixture(scope="module")
def book(press: Press, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    """The book, read back."""
    return PdfReader(press.print(tmp_path_factory.mktemp("book"), chapters()).path)


def bookmarks(book: PdfReader) -> list[tuple[int, Destination]]:
    """The outline, each entry with its depth."""
    flat: list[tuple[int, Destination]] = []
    for item in book.outline:
        if isinstance(item, Destination):
            flat.append((0, item))
        else:
            flat.extend((1, inner) for inner in item if isinstance(inner, Destination))
    return flat


def starts(book: PdfReader) -> dict[str, int]:
    """Each heading's page, counted from the first of the file, by its bookmark."""
    return {str(item.title): book.get_destination_page_number(item) or 0 for _, item in bookmarks(book)}


def test_contents_name_the_page_on_which_each_heading_stands(book: PdfReader) -> None:
    """The number beside a title in the contents is the one stamped on the page that bears the heading."""
    contents = book.pages[1].extract_text()
    lines = [" ".join(line.split()) for line in contents.splitlines()]
    for title, page in starts(book).items():
        numeral = book.page_labels[page]
        assert any(line.endswith(f"{title} {numeral}") for line in lines), (title, numeral, lines)
        text = book.pages[page].extract_text()
        assert title in text
        assert text.split()[-1] == numeral


def test_every_page_but_the_cover_bears_the_number_of_its_label(book: PdfReader) -> None:
    """Front matter is numbered in roman numerals, the body from 1, on the page as in the page box."""
    body = len(book.pages) - 2
    assert book.page_labels == ["i", "ii", *map(str, range(1, body + 1))]
    stamped = [page.extract_text().split()[-1] for page in book.pages[1:]]
    assert stamped == book.page_labels[1:]


def test_outline_lists_chapters_and_their_sections(book: PdfReader) -> None:
    """The bookmarks are the chapters with their sections inside, in order."""
    found = [(depth, str(item.title)) for depth, item in bookmarks(book)]
    wanted: list[tuple[int, str]] = []
    for title, names in zip(TITLES, SECTIONS, strict=True):
        wanted += [(0, title), *((1, name) for name in names)]
    assert found == wanted


def test_each_section_stands_whole_under_its_title(book: PdfReader) -> None:
    """Extracted text has every section's words, unbroken, after its title and in the order of the plan."""
    text = " ".join(" ".join(page.extract_text() for page in book.pages[2:]).split())
    at = 0
    for name in chain.from_iterable(SECTIONS):
        for words in (
            name,
            "office is difficult and the affinity you find in efficient, first-rate work",
            mark(name),
            "You are unwilling to pay a price",
            "Two evenings",
            "The last words of this section",
            mark(name),
        ):
            at = text.index(words, at)


def test_book_describes_itself(book: PdfReader) -> None:
    """Title, author, language, date and the wish to show the title are in the file, in both records."""
    assert book.metadata is not None
    assert (book.metadata.title, book.metadata.author) == (BOOK.title, BOOK.author)
    assert book.metadata.creation_date is not None
    assert book.metadata.creation_date.date() == BOOK.date
    assert book.xmp_metadata is not None
    assert book.xmp_metadata.dc_title == {"x-default": BOOK.title}
    assert book.xmp_metadata.dc_creator == [BOOK.author]
    root = book.root_object
    assert str(root["/Lang"]) == "en"
    assert str(root["/ViewerPreferences"]) == "{'/DisplayDocTitle': True}"


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_a_book_says_that_an_ai_wrote_it(press: Press, tmp_path: Path, language: str) -> None:
    """On its cover, in its own language, and to machines; not without the notice."""
    style = replace(BOOK.style, language=language)
    told = {}
    for notice in (True, False):
        book = replace(BOOK, style=style, ai_notice=notice)
        made = press.print(tmp_path, (chapter(1, SectionSource("A", "Text.")),), book)
        with Pdf.open(made.path) as pdf, pdf.open_metadata() as record:
            told[notice] = record.get(f"{{{IPTC}}}DigitalSourceType"), len(pdf.pages)
        if language != "ar":  # whose letters are not extracted as they are written
            shown = words_in(language).written_by_ai in PdfReader(made.path).pages[0].extract_text()
            assert shown == notice
    assert told == {True: (AI_SOURCE, 3), False: (None, 3)}


def test_a_lone_section_of_the_chapters_own_title_is_headed_once(press: Press, tmp_path: Path) -> None:
    """A chapter and its only section of the same title share one heading, one entry and one bookmark."""
    alone = chapter(1, SectionSource("Where You Stand", "# Where You Stand\n\nThe text itself."))
    reader = PdfReader(press.print(tmp_path, (alone,)).path)
    assert list(starts(reader)) == ["Where You Stand"]
    assert reader.pages[2].extract_text().count("Where You Stand") == 1
    assert "The text itself." in reader.pages[2].extract_text()


def lone(number: int, title: str, level: int = 1) -> ChapterSource:
    """A chapter without a number, of one section that bears its title."""
    return replace(chapter(number, SectionSource(title, "Text."), title=title), number=None, level=level)


def parts() -> tuple[ChapterSource, ...]:
    """A chapter, a part with two chapters beneath its opener, and a chapter after it."""
    opener = replace(chapter(2, title="The First Month"), number=1, subtitle="Setting out")
    return lone(1, "Before"), opener, lone(3, "Love", level=2), lone(4, "Work", level=2), lone(5, "After")


def test_an_opener_is_a_page_of_its_own(press: Press, tmp_path: Path) -> None:
    """A chapter without sections is one page with its number, title and subtitle, and no head."""
    reader = PdfReader(press.print(tmp_path, parts()).path)
    assert len(reader.pages) == 7
    assert reader.pages[3].extract_text().split() == ["1", "The", "First", "Month", "Setting", "out", "2"]


def test_contents_and_outline_list_a_parts_chapters_beneath_it(press: Press, tmp_path: Path) -> None:
    """The part is an entry, with the page of its opener; its chapters are entries below, numbered by nothing."""
    reader = PdfReader(press.print(tmp_path, parts()).path)
    found = [(depth, str(item.title)) for depth, item in bookmarks(reader)]
    assert found == [(0, "Before"), (0, "The First Month"), (1, "Love"), (1, "Work"), (0, "After")]
    lines = [" ".join(line.split()) for line in reader.pages[1].extract_text().splitlines()]
    assert lines[1:] == ["Before 1", "1 The First Month 2", "Love 3", "Work 4", "After 5", "ii"]


def test_sections_without_a_chapters_title_run_on(press: Press, tmp_path: Path) -> None:
    """Each begins on the page on which the one before ends, and is an entry of its own beneath the part."""
    before, opener, *_, after = parts()
    names = [SectionSource(name, "Text.") for name in ("Love", "Work")]
    reader = PdfReader(press.print(tmp_path, (before, opener, untitled(*names), after)).path)
    found = [(depth, str(item.title)) for depth, item in bookmarks(reader)]
    assert found == [(0, "Before"), (0, "The First Month"), (1, "Love"), (1, "Work"), (0, "After")]
    lines = [" ".join(line.split()) for line in reader.pages[1].extract_text().splitlines()]
    assert lines[1:] == ["Before 1", "1 The First Month 2", "Love 3", "Work 3", "After 4", "ii"]


def untitled(*sections: SectionSource) -> ChapterSource:
    """A part's text: a chapter beneath an opener that has no title of its own."""
    return replace(chapter(3, *sections, title=""), number=None, level=2)


@pytest.mark.parametrize(("chapters", "sections"), [(40, 0), (1, 90)])
def test_contents_may_be_long(press: Press, tmp_path: Path, chapters: int, sections: int) -> None:
    """Contents of many chapters without sections, or of one with more than fit on a page, run over pages."""
    names = [SectionSource(f"Section {at}", "Text.") for at in range(sections)]
    all_chapters = tuple(chapter(at, *names, title=f"Chapter {at}") for at in range(1, chapters + 1))
    path = press.print(tmp_path, all_chapters).path
    reader = PdfReader(path)
    fore = reader.page_labels.index("1")
    assert fore > 3
    listed = " ".join(page_texts(path.read_bytes())[1:fore])
    assert all(name in listed for name in starts(reader))


def test_headings_in_a_text_stay_below_its_title(press: Press, tmp_path: Path) -> None:
    """A heading that the writer put into a section never becomes a chapter or a section of the book."""
    shouting = chapter(1, SectionSource("The Ground", "# One\n\ntext\n\n## Two\n\ntext\n\n###### Six\n\ntext"))
    reader = PdfReader(press.print(tmp_path, (shouting,)).path)
    assert list(starts(reader)) == ["Where You Stand", "The Ground"]
    text = reader.pages[2].extract_text()
    assert text.index("One") < text.index("Two") < text.index("Six")


@pytest.mark.parametrize(
    "name", ["شهرزاد", "王小明", "Зоя Ωmega", "Zoë-Íñigo 🌸", "x" * 4_000, "O'Brien & Söhne", ""]
)
def test_any_name_can_stand_on_the_cover(press: Press, tmp_path: Path, name: str) -> None:
    """Names in any script or length, or none, give a cover of one page, which says for whom if it is known."""
    made = press.print(tmp_path, (chapter(1, SectionSource("A", "Text.")),), replace(BOOK, prepared_for=name))
    reader = PdfReader(made.path)
    assert len(reader.pages) == made.pages == 3
    assert ("Prepared" in reader.pages[0].extract_text()) == bool(name)
    assert "Contents" in reader.pages[1].extract_text()


@pytest.mark.parametrize(
    ("language", "contents", "date", "tag"),
    [
        ("de-AT", "Inhalt", "21. November 2026", "de-AT"),
        ("Deutsch", "Inhalt", "21. November 2026", "de"),
        ("pt-BR", "Contents", "21 November 2026", "pt-BR"),
        ('"><script>', "Contents", "21 November 2026", "und"),
    ],
)
def test_the_book_speaks_the_readers_language(
    press: Press, tmp_path: Path, language: str, contents: str, date: str, tag: str
) -> None:
    """Its own words are the reader's where it knows them, and any answer to the question of language will do."""
    style = replace(BOOK.style, language=language)
    made = press.print(tmp_path, (chapter(1, SectionSource("A", "Text.")),), replace(BOOK, style=style))
    reader = PdfReader(made.path)
    assert date in reader.pages[0].extract_text()
    assert contents in reader.pages[1].extract_text()
    assert str(reader.root_object["/Lang"]) == tag
