"""`python -m tests.benchmarks.pdf.ways WAY SECTIONS FILE`: one book made in one way.

Printed as JSON are the seconds that it took, those of the processor (with all processes below), and the pages.
Loading libraries, starting processes and setting a first page come before, and are not counted.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.book import ChapterSource
from infra.pdf import Renderer
from tests.benchmarks.pdf.sample import BOOK, chapters
from tests.benchmarks.processor import tree_s

Figures = dict[str, float]
#: What the one document needs of its own, since nobody stamps its pages.
_NUMBERS = """<style>
nav a::after { content: "  " target-counter(attr(href), page) }
body > * { break-before: page }
@page { @bottom-center { content: counter(page); font: 9pt House Sans } }
</style>"""


def one_document(sections: Sequence[ChapterSource], out: Path, figures: Figures) -> None:
    """All as one HTML document, tagged, with contents whose page numbers the typesetter finds."""
    from infra.pdf.pages import chapter_html
    from infra.pdf.typesetter import typeset

    with warm(sections), counted(figures):
        entries = "".join(f'<p><a href="#{section.anchor}">{section.title}</a></p>' for section in sections)
        bodies = "".join(_article(chapter_html(section, BOOK.style)) for section in sections)
        document = typeset(f'<html lang="en">{_NUMBERS}<nav>{entries}</nav>{bodies}</html>', BOOK.style)
        document.write_pdf(out, pdf_tags=True)
        figures["pages"] = len(document.pages)


def _article(html: str) -> str:
    """The body of a chapter's document, as an element of another."""
    return re.sub(r"(?s).*<body(.*)</body>.*", r"<article\1</article>", html)


def joined_by_pypdf(sections: Sequence[ChapterSource], out: Path, figures: Figures) -> None:
    """Every chunk whole and tagged, one after another in one process, and joined as a library does it."""
    from pypdf import PdfWriter

    with tempfile.TemporaryDirectory() as folder, PdfWriter() as writer, warm(sections), counted(figures):
        for chunk in _chunks(sections, Path(folder)):
            writer.append(chunk)
        writer.write(out)
        figures["pages"] = len(writer.pages)


def floor(sections: Sequence[ChapterSource], _out: Path, figures: Figures) -> None:
    """The same chapters laid out and written one after another in one process, and not joined."""
    with tempfile.TemporaryDirectory() as folder, warm(sections), counted(figures):
        for _ in _chunks(sections, Path(folder)):
            pass


def _chunks(sections: Sequence[ChapterSource], folder: Path) -> Iterator[Path]:
    """Each chapter as WeasyPrint writes it: tagged, its faces with it."""
    from infra.pdf.pages import chapter_html
    from infra.pdf.typesetter import typeset

    for section in sections:
        chunk = folder / f"{section.anchor}.pdf"
        typeset(chapter_html(section, BOOK.style), BOOK.style).write_pdf(chunk, pdf_tags=True)
        yield chunk


@contextmanager
def warm(sections: Sequence[ChapterSource]) -> Iterator[None]:
    """Load the typesetter into this process, and set a first chapter in the book's style."""
    from infra.pdf import font_dir
    from infra.pdf.children import set_chapter

    font_dir.use_own_folder()
    set_chapter(sections[0], BOOK.style)
    yield


def ours(sections: Sequence[ChapterSource], out: Path, figures: Figures) -> None:
    """As a worker does it: two children set chunks into files, then one of them binds these."""
    asyncio.run(_render(sections, out, figures, copies=1))


def ours_in_short(sections: Sequence[ChapterSource], out: Path, figures: Figures) -> None:
    """The same, with each chunk bound twenty times over: a long book's binding after a short one's setting."""
    asyncio.run(_render(sections, out, figures, copies=20))


async def _render(sections: Sequence[ChapterSource], out: Path, figures: Figures, *, copies: int) -> None:
    renderer = Renderer()
    await asyncio.gather(renderer.warm_up(), renderer.warm_up())
    with tempfile.TemporaryDirectory() as folder, counted(figures):

        async def set_chapter(section: ChapterSource) -> Path:
            chunk = await renderer.render_chapter(section, BOOK.style)
            file = Path(folder) / f"{section.anchor}.pdf"
            file.write_bytes(chunk.pdf)
            return file

        chunks = await asyncio.gather(*map(set_chapter, sections))
        figures["pages"] = (await renderer.assemble(BOOK, chunks * copies, out)).pages
    await renderer.close()


@contextmanager
def counted(figures: Figures) -> Iterator[None]:
    """Note the seconds of a block: on the clock, and of the processor for this process and all below it."""
    began, used = time.monotonic(), tree_s(os.getpid())
    yield
    figures |= {"wall s": time.monotonic() - began, "cpu s": tree_s(os.getpid()) - used}


WAYS: dict[str, Callable[[Sequence[ChapterSource], Path, Figures], None]] = {
    "one document": one_document,
    "joined by pypdf": joined_by_pypdf,
    "ours": ours,
    "ours in short": ours_in_short,
    "floor": floor,
}

if __name__ == "__main__":
    found: Figures = {}
    WAYS[sys.argv[1]](chapters(int(sys.argv[2])), Path(sys.argv[3]), found)
    sys.stdout.write(json.dumps(found))
