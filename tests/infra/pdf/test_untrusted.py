"""What a model or a customer wrote is text: it loads nothing, runs nothing and stops nothing."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from pypdf import PdfReader

from infra.book import SectionSource, TextIsUnsettable
from infra.pdf import Chunk
from tests.infra.pdf.press import BOOK, STYLE, Press, chapter, text_chapter

#: Nine levels of ten uses of the level below each; and the same with entities.
SVG_BOMB = (
    '<svg xmlns="http://www.w3.org/2000/svg"><circle id="l0" r="1"/>'
    + "".join(f'<g id="l{at + 1}">' + f'<use href="#l{at}"/>' * 10 + "</g>" for at in range(9))
    + "</svg>"
)
XML_BOMB = (
    '<!DOCTYPE svg [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{at + 1} "{f"&l{at};" * 10}">' for at in range(9))
    + "]><svg>&l9;</svg>"
)


class Listener(HTTPServer):
    """A server that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Ear)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class Ear(BaseHTTPRequestHandler):
    """Answers everything with nothing."""

    server: Listener

    def do_GET(self) -> None:
        """Remember the path."""
        self.server.asked.append(self.path)
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listening server."""
    with Listener() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def images(reader: PdfReader) -> list[object]:
    """The images on all pages."""
    return [image for page in reader.pages for image in page.images]


def test_nothing_that_a_text_names_is_fetched(press: Press, tmp_path: Path, listener: Listener) -> None:
    """Images, styles, frames and scripts, by http or file, in texts, titles and names, are never loaded."""
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>the secret</text></svg>')
    lures = [
        template.format(address=address)
        for address in (f"{listener.url}/x.png", secret.as_uri(), "//127.0.0.1/x", "data:image/gif;base64,R0lG")
        for template in (
            "![picture]({address})",
            '<img src="{address}">',
            '<link rel="stylesheet" href="{address}">',
            "<style>@import url({address}); p {{ background: url({address}) }}</style>",
            '<iframe src="{address}"></iframe><object data="{address}"></object>',
            '<svg><image href="{address}"/></svg>',
            '<p style="background: url({address})">x</p>',
            "[link]({address})",
            "<{address}>",
        )
    ]
    lure = " ".join(lures)
    source = chapter(1, SectionSource(lure, "\n\n".join(lures)), title=lure)
    book = replace(BOOK, title=lure, prepared_for=lure, author=lure, subtitle=lure)
    reader = PdfReader(press.print(tmp_path, (replace(source, running_title=lure),), book).path)
    assert listener.asked == []
    assert images(reader) == []
    assert not any("the secret" in page.extract_text() for page in reader.pages)
    assert not any("/A" in link.get_object() for page in reader.pages for link in page.get("/Annots", ()))


def test_raw_html_is_printed_as_it_was_written(press: Press) -> None:
    """Tags in a text are words on the page, not elements of it."""
    written = 'before <script>alert("x")</script> <h1>after</h1>'
    reader = PdfReader(BytesIO(press.set(text_chapter(written)).pdf))
    text = " ".join(reader.pages[0].extract_text().split())
    assert "<script>alert(" in text
    assert "</script> <h1>after</h1>" in text


def test_a_logo_loads_nothing_but_itself(press: Press, tmp_path: Path, listener: Listener) -> None:
    """What a brand's SVG refers to, by http or file, is left out; the picture itself is drawn."""
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>the secret</text></svg>')
    addresses = (f"{listener.url}/x.svg", secret.as_uri())
    lures = "".join(
        f'<image href="{at}"/><use href="{at}#a"/><style>@import url({at})</style>' for at in addresses
    )
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15">Harbour</text>{lures}</svg>'
    )
    logo = f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"
    cover = PdfReader(press.print(tmp_path, (text_chapter("Text."),), replace(BOOK, logo=logo)).path).pages[0]
    assert listener.asked == []
    assert "Harbour" in "".join(cover.extract_text().split())
    assert "secret" not in cover.extract_text()


def test_markup_in_a_name_is_printed_as_it_was_written(press: Press, tmp_path: Path) -> None:
    """A customer named like an element is greeted by that name."""
    name = '</p><svg onload="x"><b>Bob & "Eve"'
    made = press.print(tmp_path, (text_chapter("Text."),), replace(BOOK, prepared_for=name))
    assert name in " ".join(PdfReader(made.path).pages[0].extract_text().split())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * 60_000, id="a paragraph of 60,000 words"),
        pytest.param("word " * 9_900, id="a paragraph of 9,900 words"),
        pytest.param("|a|b|\n|-|-|\n" + "|x|y|\n" * 5_000, id="a table of 5,000 rows"),
        pytest.param("|a|b|\n|-|-|\n" + "|x|y|\n" * 190, id="a table of 190 rows"),
        pytest.param("|" + "a|" * 900 + "\n|" + "-|" * 900 + "\n", id="a table of 900 columns"),
        pytest.param("> " * 3_000 + "deep", id="3,000 nested quotes"),
        pytest.param("\n".join(f"{'  ' * at}* deep" for at in range(150)), id="150 nested lists"),
        pytest.param("*a **b " * 6_000, id="12,000 nested spans"),
        pytest.param("x" * 200_000, id="a word of 200,000 letters"),
        pytest.param("x" * 1_000, id="a word of 1,000 letters"),
        pytest.param("清" * 20_000, id="20,000 letters without a space"),
        pytest.param("- a\n" * 12_000, id="a list of 12,000 items"),
        pytest.param("[" * 4_000 + "](" * 4_000, id="brackets that never close"),
        pytest.param("|a|b|\n|-|-|\n", id="a table without a body"),
        pytest.param("|a|b|\n|-|-|\n\n" * 200, id="200 tables without bodies"),
        pytest.param("|a|b|\n|-|-|\n|" + "清" * 20_000 + "|b|", id="a cell of 20,000 letters"),
        pytest.param("🎉" * 500, id="500 emoji"),
        pytest.param("🎉" * 40_000, id="40,000 emoji"),
        pytest.param("👩\u200d👩\u200d👧 1\ufe0f\u20e3 🇯🇵\n\n# 🌸\n\n- 🔥\n\n> 🌙", id="only emoji"),
        pytest.param(SVG_BOMB, id="an SVG of a billion circles"),
        pytest.param(XML_BOMB, id="a billion laughs"),
        pytest.param("a" + "\u0301" * 900, id="900 accents on a letter"),
        pytest.param("".join(map(chr, range(32))) + "\ud800\ufffe\u202e x", id="control characters"),
        pytest.param("", id="nothing"),
    ],
)
def test_no_text_does_harm(press: Press, text: str) -> None:
    """Extreme text ends in pages or in an error that says so, never in anything else."""
    try:
        pages = press.set(text_chapter(text)).pages
    except TextIsUnsettable:
        return
    assert pages > 0


def test_a_text_that_cannot_be_set_harms_no_other(press: Press) -> None:
    """Of many chapters at once, those that can be set are; each other ends in an error of its own."""
    sources = [
        text_chapter("word " * 60_000),
        text_chapter("Text."),
        text_chapter("> " * 3_000),
        text_chapter("🌸"),
    ]

    async def set_all() -> list[Chunk | BaseException]:
        works = (press.renderer.render_chapter(source, STYLE) for source in sources)
        return await asyncio.gather(*works, return_exceptions=True)

    assert [type(outcome) for outcome in press.run(set_all())] == [
        TextIsUnsettable,
        Chunk,
        TextIsUnsettable,
        Chunk,
    ]


def test_no_title_does_harm(press: Press, tmp_path: Path) -> None:
    """A title of any length and script is cut to a few lines, and the book is made."""
    title = "\ud800Ω\x00" + "very long title " * 5_000
    made = press.print(
        tmp_path, (chapter(1, SectionSource(title, "Text."), title=title),), replace(BOOK, title=title)
    )
    assert PdfReader(made.path).pages[2].extract_text().count("very long title") < 50
