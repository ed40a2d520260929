"""What a finished book says to a program that reads it aloud, from the file's own objects."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Dictionary, Object, Pdf
from pypdf import PdfReader

from infra.book import ChapterSource, SectionSource
from tests.infra.pdf.press import PROSE, WHEEL, Press, chapter

#: Operators that put something on the page.
_PAINTING = {"Tj", "TJ", "f", "f*", "F", "S", "s", "B", "B*", "b", "b*", "Do", "sh"}
_SCRIPTS = {
    "Arabic": "سنة هادئة في بيت قديم على البحر",
    "Hebrew": "שנה שקטה בבית ישן על שפת הים",
    "Chinese": "海边老屋里安静的一年",
    "Japanese": "海辺の古い家での静かな一年",
}


def parts() -> tuple[ChapterSource, ...]:
    """Chapters of all kinds: one of several sections, an opener with two beneath it, one in many scripts."""
    prose = SectionSource("The Ground", PROSE.format(mark=_SCRIPTS["Chinese"]))
    linked = SectionSource("The Sky", "See [the tide](book:chapter-4), or [nothing](book:nowhere).\n\n" * 40)
    headed = SectionSource("The Tide", "## Ebb\n\n#### Low\n\n|A|B|\n|-|-|\n|1|2|\n\n## Flow\n\n- in\n  - out")
    strange = "🌸 and a letter of no face: \U0010fed5"
    foreign = SectionSource("Elsewhere", "\n\n".join([*_SCRIPTS.values(), strange]))
    return (
        chapter(1, prose, linked, title="Before"),
        replace(chapter(2, title="The First Month"), number=1, subtitle="Setting out", chart=WHEEL),
        replace(chapter(4, headed, title="The Tide"), number=None, level=2),
        replace(chapter(5, foreign, prose, title="Elsewhere"), number=None, level=2),
    )


@pytest.fixture(scope="module")
def path(press: Press, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book's file."""
    return press.print(tmp_path_factory.mktemp("structure"), parts()).path


@pytest.fixture(scope="module")
def book(path: Path) -> Iterator[Pdf]:
    """The book, opened."""
    with Pdf.open(path) as pdf:
        yield pdf


def kids(element: Object) -> list[Any]:
    """What an element holds: numbers of content, elements, references to links."""
    return list(element.get("/K", ()))


def elements(owner: Object) -> Iterator[Object]:
    """Every element of the structure, in the order in which it is read."""
    for kid in kids(owner):
        if isinstance(kid, Dictionary) and kid.get("/Type") == "/StructElem":
            yield kid
            yield from elements(kid)


def structure(book: Pdf) -> list[Object]:
    """All elements of the book."""
    return list(elements(book.Root.StructTreeRoot))


def owners(book: Pdf) -> dict[int, Object]:
    """The parent tree: who owns what, by key."""
    numbers = list(book.Root.StructTreeRoot.ParentTree.Nums)
    assert [int(key) for key in numbers[::2]] == sorted({int(key) for key in numbers[::2]})
    return {int(key): value for key, value in zip(numbers[::2], numbers[1::2], strict=True)}


def links(book: Pdf) -> Iterator[tuple[Object, Object]]:
    """Every link, with the page that it is on."""
    for page in book.pages:
        for link in page.obj.get("/Annots", ()):
            yield page.obj, link


def names(tree: Object) -> dict[str, Object]:
    """A name tree of one node; its names are in order."""
    items = list(tree.Names)
    found = {str(name): value for name, value in zip(items[::2], items[1::2], strict=True)}
    assert [str(name) for name in items[::2]] == sorted(found)
    return found


def drawn(page: pikepdf.Page) -> Iterator[tuple[str, str, int | None]]:
    """Each operator that paints, with the marked content that it is in: its tag and its number, if it has one."""
    marks: list[tuple[str, int | None]] = []
    for instruction in pikepdf.parse_content_stream(page):
        operands, operator = instruction.operands, str(instruction.operator)
        if operator in ("BDC", "BMC"):
            facts = operands[1] if len(operands) > 1 else Dictionary()
            marks.append((str(operands[0]), int(facts.MCID) if "/MCID" in facts else None))
        elif operator == "EMC":
            marks.pop()
        elif operator in _PAINTING:
            yield (operator, *(marks[-1] if marks else ("", None)))
    assert marks == []


def test_content_and_structure_name_one_another(book: Pdf) -> None:
    """Each marked piece of a page has one owner, which names it; all that an element names is on its page."""
    held = owners(book)
    named = {
        (element.Pg.objgen, int(kid)): element.objgen
        for element in structure(book)
        for kid in kids(element)
        if isinstance(kid, int)
    }
    marked = {}
    for page in book.pages:
        row = held[int(page.obj.StructParents)]
        for number in {number for _, _, number in drawn(page) if number is not None}:
            marked[page.obj.objgen, number] = row[number].objgen
    assert marked == named
    assert all(page.obj.Tabs == "/S" for page in book.pages)


def test_what_is_drawn_is_tagged_or_an_artifact(book: Pdf) -> None:
    """Nothing on any page is without a mark; what every page repeats is an artifact: two heads and a number."""
    for page in book.pages:
        assert {tag for _, tag, number in drawn(page) if number is None} <= {"/Artifact"}
    repeated = [operator for operator, tag, _ in drawn(book.pages[3]) if tag == "/Artifact"]
    assert repeated.count("Tj") + repeated.count("TJ") == 3


def test_every_element_knows_its_parent(book: Pdf) -> None:
    """The tree hangs together, from one document down, and holds no line or box that means nothing."""
    root = book.Root.StructTreeRoot
    (document,) = root.K
    assert document.S == "/Document"
    assert document.P.objgen == root.objgen
    for element in (document, *structure(book)):
        for kid in kids(element):
            if isinstance(kid, Dictionary) and kid.Type == "/StructElem":
                assert kid.P.objgen == element.objgen
    assert {str(part.S) for part in document.K} == {"/Part"}
    assert not {str(element.S) for element in structure(book)} & {"/Span", "/NonStruct"}


def test_headings_descend_step_by_step(book: Pdf) -> None:
    """Each chapter begins with a first heading, and none skips a level on the way down."""
    for part in book.Root.StructTreeRoot.K[0].K:
        levels = [int(str(each.S)[2:]) for each in elements(part) if str(each.S)[:2] == "/H"]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_link_leads_somewhere_and_says_where(book: Pdf) -> None:
    """Links from the contents and between chapters have a place, a description and an element of their own."""
    places, held = names(book.Root.Names.Dests), owners(book)
    pages = {page.obj.objgen for page in book.pages}
    said = set()
    for page, link in links(book):
        assert "/A" not in link
        assert places[str(link.Dest)][0].objgen in pages
        assert int(link.F) == 4
        element = held[int(link.StructParent)]
        references = [kid for kid in kids(element) if isinstance(kid, Dictionary) and kid.Type == "/OBJR"]
        assert [reference.Obj.objgen for reference in references] == [link.objgen]
        assert element.S == "/Link"
        assert element.Pg.objgen == page.objgen
        said.add((str(link.Dest), str(link.Contents)))
    assert {("chapter-4", "The Tide"), ("chapter-1-2", "The Sky"), ("contents", "Contents")} <= said


def test_contents_lead_to_the_pages_that_they_name(path: Path) -> None:
    """The link of each entry ends on the page with its title; chapters and sections have one each, in order."""
    reader = PdfReader(path)
    found = [link.get_object() for link in reader.pages[1].annotations or ()]
    titles = [
        "Before",
        "The Ground",
        "The Sky",
        "The First Month",
        "The Tide",
        "Elsewhere",
        "Elsewhere",
        "The Ground",
    ]
    assert [str(link["/Contents"]) for link in found] == titles
    for link in found:
        place = reader.named_destinations[str(link["/Dest"])]
        number = reader.get_destination_page_number(place)
        assert number is not None
        assert str(link["/Contents"]) in reader.pages[number].extract_text()


def test_contents_are_tagged_as_contents(book: Pdf) -> None:
    """The list of contents is no table: each of its entries is one, with its link."""
    front = book.Root.StructTreeRoot.K[0].K[0]
    roles = [str(element.S) for element in elements(front)]
    assert (roles.count("/TOCI"), roles.count("/Link")) == (8, 8)
    assert "/TOC" in roles
    assert not {"/Table", "/TR", "/TD"} & set(roles)


def test_a_chart_is_described_where_it_stands(book: Pdf) -> None:
    """Of all pictures only the chart is a figure, with its title as the text for it, and its place on the page."""
    (figure,) = [element for element in structure(book) if element.S == "/Figure"]
    assert str(figure.Alt) == WHEEL.title
    left, foot, right, head = (float(each) / 72 * 25.4 for each in figure.A.BBox)
    assert (round(right - left), round(head - foot)) == (132, 132)
    assert (round(left), round(297 - head)) == (39, 116)


def test_table_headers_are_unique_and_referred_to(book: Pdf) -> None:
    """Each header cell has an id of its own in the book, and each other cell names those of its own table."""
    known = names(book.Root.StructTreeRoot.IDTree)
    tables = [element for element in structure(book) if element.S == "/Table"]
    assert len(tables) == 3
    seen: list[str] = []
    for table in tables:
        cells = list(elements(table))
        headers = [str(cell.ID) for cell in cells if cell.S == "/TH"]
        seen += headers
        for cell in cells:
            if cell.S == "/TD":
                assert {str(header) for header in cell.A.Headers} <= set(headers)
                assert len(cell.A.Headers) == 1
    assert sorted(seen) == sorted(known)
    assert all(str(cell.ID) == name for name, cell in known.items())


def test_the_file_is_sound(path: Path) -> None:
    """A strict reader has nothing to say about its syntax, and finds it marked as tagged."""
    with Pdf.open(path) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert pdf.Root.MarkInfo.Marked
        assert pdf.pdf_version == "1.7"


def test_a_font_is_embedded_once(book: Pdf) -> None:
    """However many chapters use a font, the file has one subset of it, and none is without its file."""
    files: dict[str, set[tuple[int, int]]] = {}
    for page in book.pages:
        for font in page.obj.Resources.Font.values():
            descriptor = font.DescendantFonts[0].FontDescriptor
            file = descriptor.FontFile3 if "/FontFile3" in descriptor else descriptor.FontFile2
            assert len(file.read_bytes()) > 100
            files.setdefault(str(descriptor.FontName).partition("+")[2], set()).add(file.objgen)
    assert {"House-Serif", "House-Serif-Italic", "House-Sans", "Noto-Serif-CJK-SC"} <= files.keys()
    assert all(len(found) == 1 for found in files.values())


@pytest.mark.parametrize("script", _SCRIPTS)
def test_text_in_any_script_is_found_in_the_file(path: Path, script: str) -> None:
    """Chinese and Japanese can be searched for and copied; of right-to-left scripts each letter can."""
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    words = _SCRIPTS[script]
    if script in ("Chinese", "Japanese"):
        assert words in text.replace("\n", "")
    else:
        assert set(words) <= set(text)


def test_a_letter_of_no_face_is_a_replacement_character(path: Path) -> None:
    """What no font on the machine has leaves a gap in print, and in the text a mark."""
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    assert "a letter of no face: \N{REPLACEMENT CHARACTER}" in text
