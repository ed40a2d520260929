"""An EPUB as reading apps take it: each file where the standard wants it, and each link leading somewhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from posixpath import dirname, join
from urllib.parse import unquote
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZIP_STORED, ZipFile

import pytest

from infra.book import AI_SOURCE, SectionSource
from infra.reading import parts_of, write_epub
from tests.infra.pdf.press import BOOK, PROSE, WHEEL, chapter

XHTML, OPF = "{http://www.w3.org/1999/xhtml}", "{http://www.idpf.org/2007/opf}"
OPS, DC = "{http://www.idpf.org/2007/ops}", "{http://purl.org/dc/elements/1.1/}"
SVG = "{http://www.w3.org/2000/svg}"
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
#: Whatever ends an element, an attribute or a document, or is no character of XML.
WILD = "</p>]]><script>alert(1)</script>&nbsp;&amp; \x00\x0b\ufffe\ud800 \u00a0 \" ' <!-- {{ 7 * 7 }} <br>"
LINKS = f'{WILD}\n\n---\n\n[On](book:chapter-1), [gone](book:no"where), `href="book:chapter-1"`.'
CHAPTERS = (
    chapter(1, SectionSource("Where You Stand", PROSE.format(mark="first")), title="Where You Stand"),
    replace(chapter(2, title=f"The First {WILD}"), subtitle=WILD, chart=WHEEL),
    replace(
        chapter(3, SectionSource("Love", LINKS), SectionSource(WILD, "Work."), title=""), number=None, level=2
    ),
)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The EPUB's files, in their order."""
    book = replace(BOOK, prepared_for=WILD, author=WILD, subtitle=WILD)
    with ZipFile(BytesIO(write_epub(book, parts_of(CHAPTERS), "urn:uuid:1", AT))) as archive:
        assert archive.testzip() is None
        first, *others = archive.infolist()
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", ZIP_STORED, b"")
        return {one.filename: archive.read(one) for one in (first, *others)}


def xml(content: bytes) -> Element:
    """Return the root of a document, which is XML."""
    return fromstring(content)  # noqa: S314  # our own


def package(files: dict[str, bytes]) -> tuple[str, Element]:
    """Return the name and root of the package document, which the container names."""
    (named,) = xml(files["META-INF/container.xml"]).iter(
        "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
    )
    assert named.get("media-type") == "application/oebps-package+xml"
    return str(named.get("full-path")), xml(files[str(named.get("full-path"))])


def documents(files: dict[str, bytes]) -> Iterator[tuple[str, Element]]:
    """Yield the name and root of each document, which is XML."""
    return ((name, xml(content)) for name, content in files.items() if name.endswith(".xhtml"))


def test_the_container_leads_to_all_that_a_reading_program_needs(files: dict[str, bytes]) -> None:
    """The type stands first, the metadata is whole, each file is listed once, and each document is to be read."""
    assert files["mimetype"] == b"application/epub+zip"
    path, root = package(files)
    assert (root.get("version"), root.get("unique-identifier")) == ("3.0", "id")
    told = {name: root.findtext(f".//{DC}{name}") for name in ("identifier", "title", "language", "date")}
    assert told == {"identifier": "urn:uuid:1", "title": BOOK.title, "language": "en", "date": "2026-11-21"}
    assert [one.text for one in root.iter(f"{OPF}meta") if one.get("property") == "dcterms:modified"] == [
        "2026-11-22T09:30:00Z"
    ]
    items = {str(item.get("id")): item for item in root.iter(f"{OPF}item")}
    listed = [join(dirname(path), str(item.get("href"))) for item in items.values()]
    assert sorted(listed) == sorted(set(files) - {"mimetype", "META-INF/container.xml", path})
    read = [items[str(ref.get("idref"))] for ref in root.iter(f"{OPF}itemref")]
    assert {item.get("media-type") for item in read} == {"application/xhtml+xml"}
    assert len(read) == len(list(documents(files)))
    (nav,) = (item for item in items.values() if item.get("properties") == "nav")
    assert nav.get("href") == "nav.xhtml"


def test_each_document_says_what_it_needs(files: dict[str, bytes]) -> None:
    """Title, language and direction; those with pictures are listed as such; no id is there twice."""
    _, root = package(files)
    pictured = {item.get("href") for item in root.iter(f"{OPF}item") if item.get("properties") == "svg"}
    for name, document in documents(files):
        assert (document.tag, document.get("lang"), document.get("dir")) == (f"{XHTML}html", "en", "ltr")
        assert document.findtext(f"{XHTML}head/{XHTML}title")
        ids = [str(one.get("id")) for one in document.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        assert (name.removeprefix("OEBPS/") in pictured) == (document.find(f".//{SVG}svg") is not None)


def test_contents_and_links_lead_to_places_in_the_book(files: dict[str, bytes]) -> None:
    """Contents list each part with its sections beneath it; a link to no place leads to the contents."""
    found = {name.removeprefix("OEBPS/"): document for name, document in documents(files)}
    links = [(name, str(link.get("href"))) for name, one in found.items() for link in one.iter(f"{XHTML}a")]
    for name, link in links:
        file, _, place = unquote(link).partition("#")
        assert file in found, (name, link)
        assert not place or any(one.get("id") == place for one in found[file].iter())
    assert ("part-2.xhtml", "part-1.xhtml") in links
    assert ("part-2.xhtml", "nav.xhtml") in links
    (toc,) = (nav for nav in found["nav.xhtml"].iter(f"{XHTML}nav") if nav.get(f"{OPS}type") == "toc")
    depths = [len(entry.findall(f"{XHTML}ol/{XHTML}li")) for entry in toc.findall(f"{XHTML}ol/{XHTML}li")]
    assert depths == [0, 2]


def test_what_was_written_is_text_in_every_file(files: dict[str, bytes]) -> None:
    """No element, attribute or address comes from a text, a title or a name, and no word of theirs is lost."""
    for _, document in documents(files):
        assert not {one.tag.rpartition("}")[2] for one in document.iter()} & {"script", "img", "iframe", "style"}
        addresses = {
            value for one in document.iter() for key, value in one.attrib.items() if key in ("href", "src")
        }
        assert not [address for address in addresses if ":" in address or address.startswith("/")]
    said = "".join(xml(files["OEBPS/part-2.xhtml"]).itertext())
    assert said.count("<script>alert(1)</script>") == 5
    assert "{{ 7 * 7 }}" in said
    assert 'href="book:chapter-1"' in said
    assert WILD.split("\x00")[0].split("&nbsp;")[0] in "".join(xml(files["OEBPS/title.xhtml"]).itertext())


def test_a_chart_is_a_picture_with_words(files: dict[str, bytes]) -> None:
    """It has a title and a description for those who cannot see it, and its marks are listed below."""
    (drawn,) = xml(files["OEBPS/part-2.xhtml"]).iter(f"{SVG}svg")
    labels = [mark.label for mark in WHEEL.marks]
    assert (drawn.findtext(f"{SVG}title"), drawn.findtext(f"{SVG}desc")) == (WHEEL.title, "; ".join(labels))
    (caption,) = xml(files["OEBPS/part-2.xhtml"]).iter(f"{XHTML}figcaption")
    assert [item.text for item in caption.iter(f"{XHTML}li")] == labels


def test_the_same_report_is_the_same_file() -> None:
    """Whenever it is made, and another one where a word differs."""
    made = [write_epub(BOOK, parts_of(CHAPTERS), "urn:uuid:1", AT) for _ in range(2)]
    other = write_epub(replace(BOOK, prepared_for="Ada"), parts_of(CHAPTERS), "urn:uuid:1", AT)
    assert made[0] == made[1] != other


def test_a_book_says_that_an_ai_wrote_it() -> None:
    """On its title page, in its own language, and to machines; not without the notice."""
    for notice in (True, False):
        file = write_epub(replace(BOOK, ai_notice=notice), parts_of(CHAPTERS), "urn:uuid:1", AT)
        with ZipFile(BytesIO(file)) as archive:
            root, title = xml(archive.read("OEBPS/package.opf")), archive.read("OEBPS/title.xhtml").decode()
        told = [one.text for one in root.iter(f"{OPF}meta") if one.get("property") == "iptc:DigitalSourceType"]
        assert (told, "Written by an artificial" in title) == ([AI_SOURCE] * notice, notice)


def test_a_book_from_the_right_turns_its_pages_so() -> None:
    """Arabic is read from the right, in its pages and in their order."""
    book = replace(BOOK, style=replace(BOOK.style, language="ar"))
    with ZipFile(BytesIO(write_epub(book, parts_of(CHAPTERS), "urn:uuid:1", AT))) as archive:
        root = xml(archive.read("OEBPS/package.opf"))
        spine = root.find(f"{OPF}spine")
        assert spine is not None
        assert spine.get("page-progression-direction") == "rtl"
        assert xml(archive.read("OEBPS/part-1.xhtml")).get("dir") == "rtl"
