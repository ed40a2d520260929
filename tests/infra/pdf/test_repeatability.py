"""The same book, made again elsewhere, is the same file: stored chunks can be trusted, and signed for."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from infra.pdf import SectionSource, Style, chunk_key
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
    )
    return done.stdout.strip()


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
