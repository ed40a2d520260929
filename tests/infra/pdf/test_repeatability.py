"""The same book, made again elsewhere, is the same file: stored chunks can be trusted, and signed for."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from infra.book import SectionSource, Style
from infra.pdf import chunk_key
from tests.infra.pdf.press import PROSE, STYLE, Press, chapter

ROOT = Path(__file__).parents[3]
CHAPTERS = (
    chapter(1, SectionSource("One", PROSE.format(mark="first")), SectionSource("Two", "Straße 中文 🌸 *it*")),
    chapter(2, SectionSource("Three", PROSE.format(mark="second"))),
)


def elsewhere(code: str, seed: str) -> str:
    """What the code prints in a process of its own, with a hash seed of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.long
def test_the_same_input_gives_the_same_bytes_in_another_process(press: Press, tmp_path: Path) -> None:
    """Two renderers in two processes make books of equal SHA-256."""
    code = (
        "import pathlib, tempfile;"
        "from tests.infra.pdf.press import new_press;"
        "from tests.infra.pdf.test_repeatability import CHAPTERS;"
        "folder = tempfile.TemporaryDirectory(); press = new_press();"
        "print(press.__enter__().print(pathlib.Path(folder.name), CHAPTERS).sha256);"
        "press.__exit__(None, None, None); folder.cleanup()"
    )
    (tmp_path / "here").mkdir()
    here = press.print(tmp_path / "here", CHAPTERS)
    assert elsewhere(code, "1") == elsewhere(code, "2") == here.sha256


def test_a_book_can_be_bound_where_fonts_are_missing(press: Press, tmp_path: Path) -> None:
    """Chunks bring what they print with beside the house's fonts: a worker on another machine may bind them."""
    chunks = [tmp_path / f"{chapter.anchor}.pdf" for chapter in (CHAPTERS[0], replace(CHAPTERS[0], anchor="twin"))]
    for chunk in chunks:
        chunk.write_bytes(press.set(replace(CHAPTERS[0], anchor=chunk.stem)).pdf)
    config, out = tmp_path / "fonts.conf", tmp_path / "book.pdf"
    here, cache = ROOT / "infra" / "pdf" / "fonts", tmp_path / "cache"
    config.write_text(f"<fontconfig><dir>{here}</dir><cachedir>{cache}</cachedir></fontconfig>")
    code = (
        "import os, pathlib;"
        f"os.environ['FONTCONFIG_FILE'] = {str(config)!r};"
        "from tests.infra.pdf.press import BOOK, new_press;"
        f"chunks = [pathlib.Path(each) for each in {[str(each) for each in chunks]!r}];"
        "press = new_press(); inside = press.__enter__();"
        f"inside.run(inside.renderer.assemble(BOOK, chunks, pathlib.Path({str(out)!r})));"
        "press.__exit__(None, None, None)"
    )
    elsewhere(code, "1")
    reader = PdfReader(out)
    for page in (2, 4):
        assert "Straße 中文 🌸 it" in " ".join(reader.pages[page + 1].extract_text().split())


def test_a_chunks_key_is_the_same_in_another_process() -> None:
    """What one worker stored, another finds."""
    code = (
        "from infra.pdf import chunk_key; from tests.infra.pdf.press import STYLE;"
        "from tests.infra.pdf.test_repeatability import CHAPTERS; print(chunk_key(CHAPTERS[0], STYLE))"
    )
    assert elsewhere(code, "1") == elsewhere(code, "2") == chunk_key(CHAPTERS[0], STYLE)


def test_a_chunks_key_changes_with_anything_printed() -> None:
    """Another title, number, text, colour or language is another chunk."""
    source = CHAPTERS[0]
    variants = [
        (source, STYLE),
        (replace(source, title="Another"), STYLE),
        (replace(source, number=9), STYLE),
        (replace(source, running_title="Another"), STYLE),
        (replace(source, sections=source.sections[:1]), STYLE),
        (replace(source, sections=source.sections[::-1]), STYLE),
        (source, replace(STYLE, language="de")),
        (source, Style("#000000", STYLE.tint)),
    ]
    keys = {chunk_key(*variant) for variant in variants}
    assert len(keys) == len(variants)
    assert all(len(key) == 64 for key in keys)
