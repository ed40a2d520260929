"""Pages set as PDF by a process of its own, which is bounded and leaves nothing behind."""

import os
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from infra.local.pdf_text import text_of
from infra.printing import PageIsNotPrinted, print_page

pytestmark = pytest.mark.anyio

PAGE = '<!doctype html><html lang="en"><title>Page</title><body><h1>Evidence</h1><p>Ada</p>{}</body></html>'


async def test_a_page_is_set_as_a_tagged_pdf() -> None:
    """It has the page's text, and a structure that readers aloud follow."""
    pdf = await print_page(PAGE.format(""))
    assert [word for word in ("Evidence", "Ada", "1 of 1") if word not in text_of(pdf)] == []
    assert "/StructTreeRoot" in PdfReader(BytesIO(pdf)).root_object


async def test_nothing_is_fetched_for_a_page(tmp_path: Path) -> None:
    """A file, or another address, that a page names is not in it."""
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>Secret</text></svg>')
    pdf = await print_page(
        PAGE.format(f'<img src="{secret.as_uri()}" alt="none"><img src="http://127.0.0.1:1/x">')
    )
    assert "Secret" not in text_of(pdf)


async def test_a_page_that_is_too_long_is_refused() -> None:
    """It is not even begun."""
    with pytest.raises(PageIsNotPrinted, match="too long"):
        await print_page("x" * (3 << 20))


async def test_a_page_that_cannot_be_set_is_an_error() -> None:
    """One that the typesetter fails at, as for want of a library, is told with a remedy, and quotes nothing."""
    with pytest.raises(PageIsNotPrinted, match="pressroom doctor"):
        await print_page(PAGE.format("<div>" * 1_500))


def test_the_process_ends_with_its_owner(tmp_path: Path) -> None:
    """When the way in closes, it ends at once, whatever it is setting, and its folder goes with it."""
    endless = "<p>word " + "<span>word </span>" * 60_000
    text = PAGE.format(endless).encode()
    command = [sys.executable, "-P", "-m", "infra.pdf.print_page"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdin is not None
        process.stdin.write(struct.pack(">Q", len(text)) + text)
        process.stdin.close()
        assert process.wait(30) == 1
    assert list(tmp_path.iterdir()) == []
